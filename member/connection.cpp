#include "connection.hpp"

#include "boot_timer.hpp"
#include "link.hpp"
#include "topic_names.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace muster::member {

namespace asio = boost::asio;

namespace {

// Beats due this close together leave in one write.
constexpr Millis together{10};
// The upper bits of a correlation say whose it is: a member's lane, or one of these two.
constexpr unsigned lane_shift = 40;
constexpr std::uint32_t query_lane = 0;
constexpr std::uint32_t names_lane = 1;
constexpr std::uint32_t first_member_lane = 2;

std::uint64_t correlation(std::uint32_t lane, std::uint64_t number) {
  return (std::uint64_t{lane} << lane_shift) | number;
}

LinkOptions link_options(const std::vector<std::string>& servers, const std::string& group) {
  LinkOptions options;
  for (const std::string& text : servers) {
    const auto server = parse_server(text);
    if (!server) throw std::invalid_argument("server \"" + text + "\" is not host:port");
    options.servers.push_back(*server);
  }
  if (servers.empty())
    throw std::invalid_argument("no server is given: at least one host:port is needed");
  options.hello.client_name = "libmuster " + std::string{library_version()};
  options.hello.group = group;
  if (::getentropy(&options.seed, sizeof options.seed) != 0)
    options.seed = static_cast<std::uint64_t>(boot_now().ms);
  return options;
}

/// A question of an application's thread, which waits for its answer.
struct Question {
  explicit Question(Query q) : query(std::move(q)) {}
  const Query query;
  std::mutex mutex;
  std::condition_variable answered;
  std::optional<ReplyBody> answer;
};

}  // namespace

/// All of it runs on the connection's thread, but for what says otherwise.
struct Connection::Parts final : LinkEvents {
  Parts(const std::vector<std::string>& servers, const std::string& group)
      : link(io, link_options(servers, group), *this), timer(io, [this] { tick(); }) {}

  // What the link tells

  void link_up() override {
    note_trouble();
    for (const auto& [lane, seat] : seats) send(seat->connected());
    for (const auto& [number, question] : questions)
      send(question->query, correlation(query_lane, number));
    names.connected();
    read_done();
  }

  void link_down() override {
    note_trouble();
    for (const auto& [lane, seat] : seats) send(seat->disconnected());
    arm();
  }

  void frame(const wire::Frame& frame) override {
    HeartbeatOk beat;
    if (wire::decode_heartbeat_ok(frame, beat)) return answer(frame.correlation, beat);
    const auto decoded = wire::decode_answer(frame);
    if (!decoded) {
      const bool ignorable = (frame.flags & wire::flag_optional) != 0;
      if (decoded.error() == Errc::unknown_kind && ignorable) return;
      return link.drop("it sent a frame of kind " + std::to_string(frame.kind) +
                       " that cannot be read: " + decoded.error().message());
    }
    if (const auto* reply = std::get_if<ReplyBody>(&*decoded))
      return answer(frame.correlation, *reply);
    // Each seat knows which pushes are its own.
    for (const auto& [lane, seat] : seats) send(seat->push(std::get<PushBody>(*decoded)));
  }

  void read_done() override {
    for (const auto& [lane, seat] : seats) names.wanted(*seat);
    if (link.up())
      names.ask(boot_now(), [this](std::uint64_t number, const ListTopics& list) {
        send(list, correlation(names_lane, number));
      });
    link.flush();
    arm();
  }

  void dial_failed() override { note_trouble(); }

  [[nodiscard]] Millis dial_timeout() const override {
    return std::clamp(shortest_interval(), Millis{1'000}, Millis{5'000});
  }

  [[nodiscard]] Millis most_backoff() const override {
    return std::min(shortest_interval(), Millis{2'000});
  }

  [[nodiscard]] Millis shortest_interval() const {
    Millis shortest = Millis::max();
    for (const auto& [lane, seat] : seats) shortest = std::min(shortest, seat->interval());
    return shortest;
  }

  void answer(std::uint64_t whose, const ReplyBody& body) {
    const auto lane = static_cast<std::uint32_t>(whose >> lane_shift);
    const std::uint64_t number = whose & ((std::uint64_t{1} << lane_shift) - 1);
    if (lane == query_lane) return answer_question(number, body);
    if (lane == names_lane) return names.answer(number, body, boot_now());
    if (const auto seat = seats.find(lane); seat != seats.end())
      send(seat->second->answer(whose, body));
  }

  void answer_question(std::uint64_t number, const ReplyBody& body) {
    const auto found = questions.extract(number);
    if (!found) return;
    Question& question = *found.mapped();
    const std::lock_guard lock(question.mutex);
    question.answer = body;
    question.answered.notify_all();
  }

  // Time, and what the application's threads leave to do

  void tick() {
    for (const auto& [lane, seat] : seats) {
      send(seat->tick(together));
      if (seat->stalled()) link.drop("it has not answered for a heartbeat interval");
    }
    read_done();
  }

  void arm() {
    Mono next = names.next_deadline(link.up());
    for (const auto& [lane, seat] : seats) next = std::min(next, seat->next_deadline());
    timer.set(next);
  }

  void send(const Seat::Frames& frames) {
    if (!link.up())
      return;  // the sessions know, or learn it next: what was not answered is sent again
    for (const Outgoing& frame : frames) {
      if (const auto* beat = std::get_if<Heartbeat>(&frame.request))
        wire::encode_heartbeat(*beat, frame.correlation, link.out());
      else if (!wire::encode_request(frame.request, frame.correlation, link.out()))
        refuse(frame.correlation);
    }
  }

  void send(const Query& query, std::uint64_t whose) {
    if (!wire::encode_query(query, whose, link.out())) refuse(whose);
  }

  /// What does not fit into a frame never leaves; its answer comes from here. Later, since an
  /// answer may send more.
  void refuse(std::uint64_t whose) {
    asio::post(io, [this, whose] {
      answer(whose, wire::call_too_long());
      read_done();
    });
  }

  /// Any thread: have the connection's thread look at what the seats owe.
  void kick() {
    if (kicked.exchange(true)) return;
    asio::post(io, [this] {
      kicked = false;
      for (const auto& [lane, seat] : seats) send(seat->flush());
      read_done();
    });
  }

  void add(std::uint32_t lane, std::shared_ptr<Seat> seat) {
    const auto& added = seats[lane] = std::move(seat);
    if (link.up()) send(added->connected());
    read_done();
  }

  void ask(std::uint64_t number, std::shared_ptr<Question> question) {
    if (link.up()) send(question->query, correlation(query_lane, number));
    questions[number] = std::move(question);
    link.flush();
  }

  void note_trouble() {
    const std::lock_guard lock(trouble_mutex);
    trouble = link.trouble();
  }

  // The thread, on which no signal is handled: those are the application's.

  void start() {
    link.start();
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread = std::thread([this] {
      ::pthread_setname_np(::pthread_self(), "muster-beat");
      io.run();
    });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void stop() {
    io.stop();
    thread.join();
  }

  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  Link link;
  BootTimer timer;
  TopicQueries names;
  std::map<std::uint32_t, std::shared_ptr<Seat>> seats;  // by lane
  std::map<std::uint64_t, std::shared_ptr<Question>> questions;
  std::thread thread;
  const pid_t made_in = ::getpid();
  std::atomic<bool> kicked = false;
  std::atomic<std::uint32_t> next_lane = first_member_lane;
  std::atomic<std::uint64_t> next_question = 1;
  std::mutex trouble_mutex;
  std::string trouble = "no connection was tried yet";
};

Connection::Connection(const std::vector<std::string>& servers, const std::string& group)
    : parts_(std::make_unique<Parts>(servers, group)) {
  parts_->start();
}

Connection::~Connection() {
  if (usable())
    parts_->stop();
  else
    static_cast<void>(parts_.release());  // in a forked child there is no thread to join
}

std::shared_ptr<Connection> Connection::shared_by(const std::vector<std::string>& servers,
                                                  const std::string& group) {
  using Key = std::pair<std::vector<std::string>, std::string>;
  static std::mutex mutex;
  static std::map<Key, std::weak_ptr<Connection>> all;
  const std::lock_guard lock(mutex);
  std::erase_if(all, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<Connection>& entry = all[{servers, group}];
  std::shared_ptr<Connection> present = entry.lock();
  if (present && present->usable()) return present;
  const std::shared_ptr<Connection> made(new Connection(servers, group));
  entry = made;
  return made;
}

std::uint32_t Connection::new_lane() {
  return parts_->next_lane++;
}

void Connection::add(std::uint32_t lane, const std::shared_ptr<Seat>& seat) {
  seat->on_kick([parts = parts_.get()] { parts->kick(); });
  asio::post(parts_->io, [parts = parts_.get(), lane, seat] { parts->add(lane, seat); });
}

void Connection::remove(std::uint32_t lane) {
  std::latch gone(1);
  asio::post(parts_->io, [parts = parts_.get(), lane, &gone] {
    parts->seats.erase(lane);
    gone.count_down();
  });
  gone.wait();
}

Outcome<ReplyBody> Connection::ask(const Query& query, Mono until) {
  const auto question = std::make_shared<Question>(query);
  const std::uint64_t number = parts_->next_question++;
  asio::post(parts_->io,
             [parts = parts_.get(), number, question] { parts->ask(number, question); });
  std::unique_lock lock(question->mutex);
  while (!question->answer && boot_now() < until)
    question->answered.wait_for(lock, std::min(until - boot_now(), Millis{60'000}));
  if (!question->answer) {
    asio::post(parts_->io, [parts = parts_.get(), number] { parts->questions.erase(number); });
    const std::string why = trouble();
    return Error{Errc::deadline_passed, "no answer in time" + (why.empty() ? "" : ": " + why)};
  }
  if (const auto* refusal = std::get_if<Refusal>(&*question->answer))
    return Error{refusal->code, refusal->message};
  return std::move(*question->answer);
}

std::string Connection::trouble() const {
  const std::lock_guard lock(parts_->trouble_mutex);
  return parts_->trouble;
}

bool Connection::usable() const {
  return ::getpid() == parts_->made_in;
}

}  // namespace muster::member
