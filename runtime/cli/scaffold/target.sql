create table people (
  id     uuid primary key,
  email  text not null unique,
  name   varchar(80) not null,
  joined date not null
);
