/// What Prometheus knows of every process, under its own names.
#pragma once

namespace muster::broker {

class MetricsText;

/// Threads  any.
void write_process_metrics(MetricsText& text);

}  // namespace muster::broker
