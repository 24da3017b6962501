// What does a message cost between the struct and the bytes?
//
// allocs is the number of memory allocations of one operation: heartbeats must show 0.
#include "codec.hpp"

#include "allocations.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>

namespace muster {
namespace {

// Counts what one operation allocates and how many bytes it turns out.
class Meter {
 public:
  explicit Meter(benchmark::State& state) : state_{state}, before_{bench::allocations} {}
  void finish(std::size_t frame_size) {
    const auto made = static_cast<double>(bench::allocations - before_);
    state_.counters["allocs"] = benchmark::Counter(made, benchmark::Counter::kAvgIterations);
    state_.counters["frame"] = static_cast<double>(frame_size);
    state_.SetItemsProcessed(state_.iterations());
    state_.SetBytesProcessed(state_.iterations() * static_cast<std::int64_t>(frame_size));
  }

 private:
  benchmark::State& state_;
  std::uint64_t before_;
};

Heartbeat heartbeat() {
  return {.session = {0x1234},
          .sequence = 5,
          .member_epoch = 6,
          .progress = 7,
          .session_timeout_ms = 45'000,
          .flags = 0};
}

Join join() {
  Join join;
  join.group = GroupId{"billing"};
  join.member = MemberId{"5f0c9b1e-7d3a-4a52-9a41-2f9f0e3b7c11"};
  join.client = {.client_id = "billing-7",
                 .host = "node-3.example",
                 .address = "192.0.2.7:9000",
                 .software_name = "libmuster",
                 .software_version = "0.1.0"};
  join.topics = {TopicName{"orders"}, TopicName{"refunds"}};
  join.zone = "eu-1a";
  return join;
}

Step step(std::int64_t partitions) {
  OwnedPartitions owned;
  owned.topic.bytes.fill(7);
  for (std::int64_t i = 0; i < partitions; ++i) {
    owned.partitions.push_back(static_cast<PartitionIndex>(i));
    owned.tokens.push_back(make_token(3, static_cast<std::uint64_t>(i)));
  }
  Step step;
  step.group = GroupId{"billing"};
  step.member = MemberId{"5f0c9b1e-7d3a-4a52-9a41-2f9f0e3b7c11"};
  step.number = 9;
  step.member_epoch = 42;
  step.assigned = {owned};
  return step;
}

// The frame in `bytes`, as FrameReader would give it.
wire::Frame frame_of(const wire::Bytes& bytes) {
  wire::FrameReader reader;
  const auto room = reader.prepare(bytes.size());
  std::copy(bytes.begin(), bytes.end(), room.begin());
  reader.commit(bytes.size());
  wire::Frame frame = reader.next().value().value();
  frame.body = std::span{bytes}.subspan(wire::header_size);
  return frame;
}

// `encode(out)` appends one frame to the connection's buffer, which keeps its memory.
template <class Encode>
void measure_encode(benchmark::State& state, Encode encode) {
  wire::Bytes out;
  encode(out);
  const std::size_t size = out.size();
  Meter meter{state};
  for (auto _ : state) {
    out.clear();
    encode(out);
    benchmark::DoNotOptimize(out.data());
  }
  meter.finish(size);
}

template <class Encode, class Decode>
void measure_decode(benchmark::State& state, Encode encode, Decode decode) {
  wire::Bytes bytes;
  encode(bytes);
  const wire::Frame frame = frame_of(bytes);
  Meter meter{state};
  for (auto _ : state) {
    auto message = decode(frame);
    benchmark::DoNotOptimize(message);
  }
  meter.finish(bytes.size());
}

void encode_heartbeat(benchmark::State& state) {
  measure_encode(state,
                 [beat = heartbeat()](wire::Bytes& out) { wire::encode_heartbeat(beat, 1, out); });
}
BENCHMARK(encode_heartbeat);

void decode_heartbeat(benchmark::State& state) {
  const auto read = [](const wire::Frame& frame) {
    Heartbeat beat;
    if (!wire::decode_heartbeat(frame, beat)) std::abort();
    return beat;
  };
  measure_decode(
      state, [](wire::Bytes& out) { wire::encode_heartbeat(heartbeat(), 1, out); }, read);
}
BENCHMARK(decode_heartbeat);

void encode_heartbeat_ok(benchmark::State& state) {
  const HeartbeatOk answer{
      .session = {0x1234}, .sequence = 5, .told_step = 6, .session_timeout_ms = 45'000};
  measure_encode(state, [&](wire::Bytes& out) { wire::encode_heartbeat_ok(answer, 1, out); });
}
BENCHMARK(encode_heartbeat_ok);

// A whole read of heartbeats: cut into frames, decoded, answered into the buffer of the one write.
void turn_of_heartbeats(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  wire::Bytes sent;
  for (std::size_t i = 0; i < count; ++i) wire::encode_heartbeat(heartbeat(), i, sent);
  wire::FrameReader reader;
  wire::Bytes out;
  out.reserve(count * wire::heartbeat_ok_frame_size);
  (void)reader.prepare(sent.size());
  Meter meter{state};
  for (auto _ : state) {
    const auto room = reader.prepare(sent.size());
    std::copy(sent.begin(), sent.end(), room.begin());
    reader.commit(sent.size());
    out.clear();
    Heartbeat beat;
    while (const auto frame = reader.next().value()) {
      if (!wire::decode_heartbeat(*frame, beat)) std::abort();
      const HeartbeatOk answer{beat.session, beat.sequence, 1, beat.session_timeout_ms};
      wire::encode_heartbeat_ok(answer, frame->correlation, out);
    }
    benchmark::DoNotOptimize(out.data());
  }
  meter.finish(wire::heartbeat_frame_size);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(turn_of_heartbeats)->Arg(1)->Arg(16)->Arg(256);

void encode_join(benchmark::State& state) {
  measure_encode(state, [request = Request{join()}](wire::Bytes& out) {
    benchmark::DoNotOptimize(wire::encode_request(request, 1, out));
  });
}
BENCHMARK(encode_join);

void decode_join(benchmark::State& state) {
  measure_decode(
      state, [](wire::Bytes& out) { (void)wire::encode_request(join(), 1, out); },
      wire::decode_call);
}
BENCHMARK(decode_join);

void encode_step(benchmark::State& state) {
  measure_encode(state, [push = PushBody{step(state.range(0))}](wire::Bytes& out) {
    benchmark::DoNotOptimize(wire::encode_push(push, out));
  });
}
BENCHMARK(encode_step)->Arg(1)->Arg(100)->Arg(10'000);

void decode_step(benchmark::State& state) {
  const auto encode = [&](wire::Bytes& out) { (void)wire::encode_push(step(state.range(0)), out); };
  measure_decode(state, encode, wire::decode_answer);
}
BENCHMARK(decode_step)->Arg(1)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace muster
