/*
 * Copyright 2026 the Last Call authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.lastcall.grpc.test;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

import io.grpc.Channel;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;
import org.springframework.util.function.ThrowingConsumer;

/**
 * Restarts the replicas of an application one after the other, as a deploy does, while
 * clients call them, and counts the calls that fail:
 *
 * <pre class="code">
 * &#064;Test
 * void aDeployLosesNoCall() {
 * 	RollingRestart.of(RouteGuideApplication.class)
 * 		.replicas(3)
 * 		.under((channel) -&gt; RouteGuideGrpc.newBlockingStub(channel).getFeature(OSLO), 200)
 * 		.restartEach()
 * 		.assertNoFailedCall();
 * }
 * </pre>
 *
 * A replica is an application context in this JVM, with the application's own server on a
 * free port. For each replica, a replacement starts first; as soon as it serves, the
 * replica stops. Half of the calls are made by a client that balances calls and checks
 * health, the other half by clients that keep or open connections through a balancer of
 * connections, as a Kubernetes Service is. Both know a new address one second after it
 * serves, and use an old one until one second after its replica has been told to stop.
 * Calls fail fast and are not retried.
 * <p>
 * Replicas run with {@code spring.main.cloud-platform=kubernetes}; the propagation delay
 * is 2 seconds unless the application sets it. Every port that the application has is 0.
 * Replicas share what has a name in a JVM: an in-memory database with a fixed name, for
 * example, is one database for all of them.
 */
public final class RollingRestart {

	private static final Duration LAG = Duration.ofSeconds(1);

	private final ReplicaFactory factory;

	private int replicas = 3;

	private @Nullable ThrowingConsumer<Channel> call;

	private int callsPerSecond;

	private RollingRestart(ReplicaFactory factory) {
		this.factory = factory;
	}

	/**
	 * Creates a rolling restart of an application.
	 * @param application the class with {@code @SpringBootApplication}
	 * @return the rolling restart
	 */
	public static RollingRestart of(Class<?> application) {
		Assert.notNull(application, "'application' must not be null");
		return new RollingRestart(new ReplicaFactory(application));
	}

	/**
	 * Sets the number of replicas.
	 * @param replicas the number, 3 unless set
	 * @return this rolling restart
	 */
	public RollingRestart replicas(int replicas) {
		Assert.isTrue(replicas > 0, "'replicas' must be positive");
		this.replicas = replicas;
		return this;
	}

	/**
	 * Sets the calls that clients make meanwhile. A call fails if an exception is thrown.
	 * It is made on several threads.
	 * @param call makes one call on a channel and waits for its end
	 * @param callsPerSecond the number of calls per second of all clients together
	 * @return this rolling restart
	 */
	public RollingRestart under(ThrowingConsumer<Channel> call, int callsPerSecond) {
		Assert.notNull(call, "'call' must not be null");
		Assert.isTrue(callsPerSecond > 0, "'callsPerSecond' must be positive");
		this.call = call;
		this.callsPerSecond = callsPerSecond;
		return this;
	}

	/**
	 * Adds properties to those of the application.
	 * @param properties properties in the form {@code name=value}, which take precedence
	 * @return this rolling restart
	 */
	public RollingRestart properties(String... properties) {
		this.factory.addProperties(List.of(properties));
		return this;
	}

	/**
	 * Adds active profiles.
	 * @param profiles the profiles
	 * @return this rolling restart
	 */
	public RollingRestart profiles(String... profiles) {
		this.factory.addProfiles(List.of(profiles));
		return this;
	}

	/**
	 * Adds configuration classes, such as those with {@code @TestConfiguration}.
	 * @param sources the classes
	 * @return this rolling restart
	 */
	public RollingRestart sources(Class<?>... sources) {
		this.factory.addSources(List.of(sources));
		return this;
	}

	/**
	 * Connects the replicas with the services of a test: the containers in its static
	 * fields with {@code @ServiceConnection}, and the properties of its methods with
	 * {@code @DynamicPropertySource}.
	 * @param test an instance of the test class
	 * @return this rolling restart
	 */
	public RollingRestart serviceConnections(Object test) {
		this.factory.setTestClass(test.getClass());
		return this;
	}

	/**
	 * Starts the replicas, restarts each of them under the calls, and stops them all.
	 * @return what happened to the calls
	 */
	public RollingRestartReport restartEach() {
		ThrowingConsumer<Channel> call = this.call;
		Assert.state(call != null, "No calls: use under(...)");
		Timeline timeline = new Timeline(this.replicas, this.callsPerSecond);
		Deque<Replica> running = new ArrayDeque<>();
		try (AnnouncedAddresses addresses = new AnnouncedAddresses(LAG)) {
			for (int i = 0; i < this.replicas; i++) {
				running.add(this.factory.start());
			}
			addresses.begin(running.stream().map(Replica::port).toList());
			timeline.begin();
			try (Traffic traffic = new Traffic(call, this.callsPerSecond, addresses, running.element().credentials(),
					timeline)) {
				for (int i = 1; i <= this.replicas; i++) {
					restart(running, addresses, timeline, i);
				}
				addresses.awaitSettled();
			}
			timeline.end();
		}
		finally {
			stopAll(running);
		}
		return timeline.report();
	}

	private void restart(Deque<Replica> running, AnnouncedAddresses addresses, Timeline timeline, int number) {
		timeline.phase("replacement %d starts".formatted(number));
		Replica replacement = this.factory.start();
		running.addLast(replacement);
		addresses.add(replacement.port());
		Replica old = running.removeFirst();
		timeline.phase("replica %d stops".formatted(number));
		addresses.remove(old.port());
		old.stop();
		timeline.phase("replica %d has stopped".formatted(number));
	}

	private static void stopAll(Deque<Replica> replicas) {
		List<Thread> threads = new ArrayList<>();
		for (Replica replica : replicas) {
			Thread thread = new Thread(replica::stop, "rolling-restart-stop");
			thread.start();
			threads.add(thread);
		}
		threads.forEach(RollingRestart::join);
	}

	private static void join(Thread thread) {
		try {
			thread.join();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
