-- A register of use cases and the template of their steps.
create table documents (
  number   int primary key,
  title    text not null,
  version  text not null,
  analyst  text,
  customer text
);
create table elements (
  name text primary key
);
create table steps (
  code        text primary key,
  chapter     int not null,
  element     text not null references elements (name),
  description text,
  result      text
);
