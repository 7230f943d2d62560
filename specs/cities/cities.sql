-- The largest cities by population, and the countries they are in.
create table countries (
  id   uuid primary key,
  name text not null unique
);
create table cities (
  id         uuid primary key,
  name       text not null,
  country_id uuid not null references countries (id),
  latitude   numeric(5,2) not null check (latitude between -90 and 90),
  longitude  numeric(5,2) not null check (longitude between -180 and 180),
  population bigint not null check (population > 0),
  unique (country_id, name)
);
