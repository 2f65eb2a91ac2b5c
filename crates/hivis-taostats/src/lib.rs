//! A client of TaoStats: what its site says of a neuron and its subnet.
