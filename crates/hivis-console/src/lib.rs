//! The control room: pages, health and metrics on the second listener.
