-- Battle Royale games, once a single DynamoDB table: people, games and who took part.
create type medal as enum ('gold', 'silver', 'bronze');
create table people (
  username varchar(40) primary key,
  name     text not null,
  email    text not null check (email like '%@%'),
  born_on  date not null,
  address  text not null
);
create table maps (
  id   uuid primary key,
  name text not null unique
);
create table games (
  id         uuid primary key,
  map_id     uuid not null references maps (id),
  creator    varchar(40) not null references people (username),
  created_at timestamp not null,
  started_at timestamp,
  ended_at   timestamp,
  people     int not null check (people between 0 and 50)
);
create table participants (
  game_id  uuid not null references games (id),
  username varchar(40) not null references people (username),
  medal    medal,
  primary key (game_id, username),
  unique (game_id, medal)
);
