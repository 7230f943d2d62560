-- Three classic data sets.
create table cars (
  row_number   int primary key,
  mpg          numeric(4,1) not null,
  cylinders    smallint not null check (cylinders in (4, 6, 8)),
  displacement numeric(5,1) not null,
  horsepower   smallint not null,
  weight       numeric(5,3) not null,
  quarter_mile numeric(5,2) not null,
  automatic    boolean not null,
  gears        smallint not null
);
create table feeds (
  name    text primary key,
  chicks  int not null,
  average numeric(6,2) not null
);
create table chicks (
  row_number int primary key,
  feed       text not null references feeds (name),
  weight     int not null check (weight > 0)
);
create table quakes (
  row_number int primary key,
  latitude   numeric(5,2) not null,
  longitude  numeric(5,2) not null,
  depth_km   int not null,
  magnitude  numeric(2,1) not null,
  stations   int not null
);
