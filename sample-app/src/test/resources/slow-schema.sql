-- A database with one feature, which takes ten seconds to be found.
CREATE ALIAS sleep FOR 'java.lang.Thread.sleep(long)';
CREATE TABLE place (name VARCHAR(100), latitude INT, longitude INT);
INSERT INTO place VALUES ('Slow', 599139000, 107522000);
CREATE VIEW feature AS SELECT name, latitude, longitude FROM place WHERE sleep(10000) IS NULL;
