-- What each kind of cell becomes when it is read as a text, a number, a truth value and a moment.
create table readings (
  sheet      text not null,
  position   int not null,
  what       text not null,
  as_text    text,
  as_bool    boolean,
  as_number  numeric(20,6),
  as_moment  timestamp,
  primary key (sheet, position)
);
