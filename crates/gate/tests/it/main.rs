//! The gate by itself: every exchange here is played without a socket.

mod cuts;
mod door;
mod limits;
mod refusals;
mod swaps;
