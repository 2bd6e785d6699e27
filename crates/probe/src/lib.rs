//! Open-loop HTTP and WebSocket probing, outage windows, histograms, SLO rules
