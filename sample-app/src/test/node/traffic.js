// Clients of a balancer that call without a pause and fail fast. All but one keep their
// connection; that one opens another for each call. Prints the number of a client for
// each call that succeeds, and why the others fail. Ends with its input.
// Usage: traffic.js PROTOS IMPORTS PORT CLIENTS
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [protos, imports, port, clients] = process.argv.slice(2);
const { RouteGuide } = grpc.loadPackageDefinition(loader.loadSync('route_guide.proto', { includeDirs: [protos, imports] })).routeguide;
const OSLO = { latitude: 599139000, longitude: 107522000 };
const PAUSE = 20;
let closed = false;

function connect() {
  return new RouteGuide(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    // Without a retry policy only calls that the server has not seen are sent again.
    // A connection of its own for each client.
    'grpc.use_local_subchannel_pool': 1,
  });
}

async function call(stub) {
  const deadline = Date.now() + 60_000;
  const feature = await new Promise((resolve, reject) =>
    stub.getFeature(OSLO, { deadline }, (error, answer) => (error ? reject(error) : resolve(answer))));
  if (!feature.name.includes('Oslo')) {
    throw new Error(`Not Oslo: ${feature.name}`);
  }
}

async function run(number) {
  let stub = connect();
  while (!closed) {
    await call(stub).then(() => console.log(number), (error) => console.log(`failed: ${error.message}`));
    if (number === 0) {
      stub.close();
      stub = connect();
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  stub.close();
}

process.stdin.on('end', () => { closed = true; }).resume();
for (let number = 0; number < Number(clients); number++) {
  run(number);
}
