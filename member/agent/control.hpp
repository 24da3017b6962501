/// Orders to a running agent: a socket in its folder, for its own user and root alone.
///
/// One line in, one line of JSON out, and the connection ends. Orders name what is there already;
/// none of them carries a command.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <functional>
#include <memory>
#include <string>

namespace muster::agent {

class Control {
 public:
  /// Takes a line without its end, gives the answer.
  using Handler = std::function<std::string(const std::string& line)>;

  /// Throws FolderError if the socket cannot be made.
  Control(boost::asio::io_context& io, std::string path, Handler handler);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

 private:
  struct Talk;
  void accept();

  boost::asio::io_context& io_;
  std::string path_;
  Handler handler_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  std::shared_ptr<int> open_ = std::make_shared<int>(0);
};

/// Sends one order to the agent of this folder and gives its answer. Throws FolderError: there is
/// no agent, or it does not answer in time.
[[nodiscard]] std::string ask_agent(const std::string& folder, const std::string& line,
                                    int timeout_ms);

}  // namespace muster::agent
