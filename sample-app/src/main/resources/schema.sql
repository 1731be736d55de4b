-- Runs at every start, on H2 and on PostgreSQL alike.
-- The primary key is the only index: it finds one point, and it is the order in which a rectangle is read.
CREATE TABLE IF NOT EXISTS feature (
	latitude integer NOT NULL CHECK (latitude BETWEEN -900000000 AND 900000000),
	longitude integer NOT NULL CHECK (longitude BETWEEN -1800000000 AND 1800000000),
	name varchar(200) NOT NULL,
	PRIMARY KEY (latitude, longitude)
);
