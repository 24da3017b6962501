/// A real musterd on a folder of its own, to be killed, paused and started again.
#pragma once

#include "child.hpp"
#include "history.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster::chaos {

struct BrokerOptions {
  std::string program;
  std::string folder;                   ///< For its log and its ready file.
  std::string data = folder + "/data";  ///< For its data.
  std::string listen = "127.0.0.1:0";   ///< Port 0: a free one the first time, the same later.
  std::vector<std::string> flags = {"--min-free", "0"};
  Child::Surroundings surroundings = {};
};

class Broker {
 public:
  explicit Broker(BrokerOptions options);

  /// Returns once its doors are open. Throws std::runtime_error if it ends instead, or is not ready
  /// within a minute.
  void start(int threads);
  /// The same, in two steps: what happens while it loads may be of interest.
  void launch(int threads);
  void await_ready();
  /// Ready or not.
  void kill();
  void stop();
  void go_on();
  /// SIGTERM, and waits for the end. It has to be 0.
  void end();
  /// From now on it may fall silent at any moment, and then end.
  void expect_end() { absent(); }
  /// Waits for an end by itself, as after a failed sync. Gives how it ended, or nothing if it did
  /// not within `patience`; it is for the caller to judge.
  std::optional<std::string> await_end(Stamp limit);

  [[nodiscard]] pid_t pid() const { return child_->pid(); }

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] bool running();
  /// A second process on the same folder, at another port.
  [[nodiscard]] std::unique_ptr<Child> rival() const;
  /// Notes an end that nobody asked for; false if there was one.
  bool alive();

  [[nodiscard]] const std::vector<Span>& away() const { return away_; }
  [[nodiscard]] const std::vector<std::string>& ends() const { return ends_; }
  [[nodiscard]] const std::vector<Stamp>& starts() const { return starts_; }

 private:
  [[nodiscard]] std::vector<std::string> words(const std::string& listen, const std::string& ready,
                                               int threads) const;
  void absent();
  void present();

  const BrokerOptions options_;
  std::string address_;
  std::unique_ptr<Child> child_;
  bool stopped_ = false;
  std::optional<Stamp> away_since_;
  Stamp seen_running_ = 0;
  std::vector<Span> away_;
  std::vector<std::string> ends_;
  std::vector<Stamp> starts_;
};

}  // namespace muster::chaos
