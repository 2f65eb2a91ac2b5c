//! Versions, slices, trends, the map.
