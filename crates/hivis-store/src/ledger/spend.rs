//! Money: booked before a call, settled after it.
