#include "zone.hpp"

#include "choose.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <span>
#include <string>
#include <utility>

namespace muster::broker::dns {
namespace {

using Labels = std::span<const std::string_view>;

/// More do not fit into any message; the shuffle sees to it that each has its turn.
constexpr std::size_t most_records = 4'096;
constexpr std::size_t fixed_part = 12;      // of an answer, beside its data
constexpr std::uint16_t best_priority = 1;  // of rank 0; a lower number is to be preferred
constexpr std::uint32_t most_weight = 0xffff;
constexpr std::uint32_t haproxy_scale = 256;  // it divides a weight by 256 and rounds up

Name below(std::initializer_list<std::string_view> labels, const Name& domain) {
  Name name;
  for (const std::string_view label : labels) (void)name.append(label);
  (void)name.append(domain);
  return name;
}

/// What goes into one question's answer.
class Resolution {
 public:
  Resolution(const ZoneOptions& options, const Query& query, const Directory& directory,
             std::uint64_t entropy, std::size_t room)
      : options_(options),
        query_(query),
        directory_(directory),
        entropy_(entropy),
        room_(room),
        size_(header_size + query.name.wire().size() + 4) {}

  Answer run() {
    // The name is kept in lower case; groups, topics and nodes are first looked for as written.
    const Name name = query_.name.in_lower_case();
    lowered_ = name.labels();
    written_ = query_.name.labels();
    if (!find_domain(name)) {
      answer_.rcode = Rcode::refused;
      answer_.authoritative = false;
      return std::move(answer_);
    }
    const Labels labels = relative(lowered_);
    if (!below_domain(labels)) answer_.rcode = Rcode::nxdomain;
    if (answer_.rcode == Rcode::servfail) {
      answer_.authoritative = false;
    } else if (answer_.answers.empty()) {
      answer_.authority.push_back(soa(options_.negative_ttl));
    }
    return std::move(answer_);
  }

 private:
  // Which name it is. Each gives whether that name exists.
  // -----------------------------------------------------------------------

  bool find_domain(const Name& name) {
    for (const Name& domain : options_.domains) {
      const std::size_t labels = domain.labels().size();
      if (labels > lowered_.size() || !name.bytes().ends_with(domain.bytes())) continue;
      // The tail must begin where a label does.
      const Labels tail = Labels{lowered_}.subspan(lowered_.size() - labels);
      if (!std::ranges::equal(tail, domain.labels())) continue;
      if (domain_ == nullptr || labels > domain_labels_) {
        domain_ = &domain;
        domain_labels_ = labels;
      }
    }
    return domain_ != nullptr;
  }
  [[nodiscard]] Labels relative(const std::vector<std::string_view>& labels) const {
    return Labels{labels}.first(labels.size() - domain_labels_);
  }

  bool below_domain(Labels labels) {
    if (labels.empty()) return apex();
    if (labels.back() == "haproxy") {
      scale_ = haproxy_scale;
      labels = labels.first(labels.size() - 1);
      if (labels.empty()) return true;
    }
    if (labels.back() == "zone") {
      if (labels.size() <= 2) return true;
      filter_.zone = labels[labels.size() - 2];
      labels = labels.first(labels.size() - 2);
      return labels.back() == "service" && services(labels.first(labels.size() - 1));
    }
    const std::string_view kind = labels.back();
    const Labels rest = labels.first(labels.size() - 1);
    if (kind == "service") return services(rest);
    if (labels.size() == 2 && is_srv_form(labels)) return srv_form(labels);
    if (scale_ != 1) return false;
    if (kind == "owner") return owners(rest);
    if (kind == "node") return nodes(rest);
    if (kind == "addr") return literal(rest);
    if (kind == "ns" && rest.empty()) return name_server();
    return kind.starts_with('_') && rest.empty();  // what lies between: it exists, and is empty
  }

  bool apex() {
    if (asks(Type::soa)) answer_.answers.push_back(soa(options_.ttl));
    if (asks(Type::ns)) {
      const Name primary = below({"ns"}, *domain_);
      add(Type::ns, std::string{primary.bytes()});
      if (options_.own_address)
        add_address(answer_.additional, *options_.own_address, primary.bytes());
    }
    return true;
  }

  bool name_server() {
    if (options_.own_address) add_matching(*options_.own_address);
    return true;
  }

  bool literal(Labels labels) {
    if (labels.empty()) return true;
    if (labels.size() != 1) return false;
    const auto address = parse_hex_address(labels[0]);
    if (address) add_matching(*address);
    return address.has_value();
  }

  static bool is_srv_form(Labels labels) {
    return labels[0].size() > 1 && labels[0][0] == '_' && labels[1].size() > 1 &&
           labels[1][0] == '_';
  }
  bool srv_form(Labels labels) {
    const std::string_view tag = labels[1].substr(1);
    if (tag != "tcp") filter_.tag = tag;
    return service(labels[0].substr(1));
  }

  bool services(Labels labels) {
    if (labels.empty()) return true;
    if (labels.size() == 1 && labels[0][0] == '_') return true;
    if (labels.size() == 2 && is_srv_form(labels)) return srv_form(labels);
    if (labels.size() > 2) return false;
    if (labels.size() == 2) filter_.tag = labels[0];
    return service(labels.back());
  }

  // What it is answered with
  // ------------------------------------------------------------------------------

  bool service(std::string_view name) {
    const Directory::Service found = directory_.service(name);
    if (found.known == Known::no) return false;
    answer_.service = name;
    answer_.stamp = found.stamp;
    std::vector<Endpoint> endpoints;
    directory_.instances(found, filter_, endpoints);
    if (endpoints.empty() && found.known == Known::unsure) return unsure();
    keep_best(endpoints);
    shuffle(endpoints, entropy_);
    answer_.turns = are_alike(endpoints);
    if (endpoints.size() > most_records) endpoints.resize(most_records);
    tell(endpoints);
    if (query_.type == Type::txt) {
      for (const Endpoint& endpoint : endpoints) {
        if (is_full()) break;
        add_texts(directory_.texts(endpoint));
      }
    }
    return true;
  }

  bool nodes(Labels labels) {
    if (labels.empty()) return true;
    if (labels.size() != 1) return false;
    Directory::Node node = directory_.node(relative(written_)[0]);
    if (node.known == Known::no) node = directory_.node(labels[0]);
    if (node.known == Known::unsure) return unsure();
    if (node.known == Known::no) return false;
    Endpoint endpoint;
    endpoint.address = node.address;
    tell({&endpoint, 1});
    if (query_.type == Type::txt) add_texts(node.texts);
    return true;
  }

  /// Groups and topics know upper from lower case, names of DNS do not: what is written in lower
  /// case is always found, other names only as they are written.
  bool owners(Labels labels) {
    if (labels.empty()) return true;
    return owner_of(relative(written_).first(labels.size())) || owner_of(labels);
  }
  bool owner_of(Labels labels) {
    const std::string_view group = labels.back();
    if (labels.size() == 1) return exists(directory_.group(group));
    const auto partition = partition_of(labels.front());
    // Topics may have dots in their names: what lies between number and group is one topic.
    const std::size_t first = partition && labels.size() > 2 ? 1 : 0;
    std::string topic;
    for (std::size_t i = first; i + 1 < labels.size(); ++i)
      topic.append(topic.empty() ? "" : ".").append(labels[i]);
    if (first == 0) return exists(directory_.topic(group, topic));
    const Directory::Owner owner = directory_.owner(group, topic, *partition);
    if (owner.known != Known::yes) return exists(owner.known);
    if (!owner.owned) return true;
    Endpoint endpoint;
    endpoint.address = owner.address;
    endpoint.port = owner.port;
    if (!owner.address.empty()) tell({&endpoint, 1});
    if (query_.type == Type::txt) add_texts(owner.texts);
    return true;
  }

  static std::optional<PartitionIndex> partition_of(std::string_view label) {
    PartitionIndex number = 0;
    const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), number);
    const bool whole = error == std::errc{} && end == label.data() + label.size();
    return whole && number >= 0 ? std::optional{number} : std::nullopt;
  }

  bool exists(Known known) { return known == Known::unsure ? unsure() : known == Known::yes; }
  bool unsure() {
    answer_.rcode = Rcode::servfail;
    answer_.stamp = 0;
    return true;
  }

  /// SRV, or addresses, or an alias for those who have a name instead.
  void tell(std::span<const Endpoint> endpoints) {
    if (query_.type == Type::srv) return tell_srv(endpoints);
    if (query_.type != Type::a && query_.type != Type::aaaa && query_.type != Type::any) return;
    std::set<Address> told;
    bool any = false;
    for (const Endpoint& endpoint : endpoints) {
      if (is_full()) return;
      const auto address = parse_address(endpoint.address);
      any = any || address.has_value();
      if (address && asks(address->type()) && told.insert(*address).second)
        add(address->type(), std::string{address->data()});
    }
    if (!any) tell_alias(endpoints);
  }

  /// Never to be kept: beside an alias a name may have no other records, and this one has SRV.
  void tell_alias(std::span<const Endpoint> endpoints) {
    for (const Endpoint& endpoint : endpoints) {
      const auto name = Name::parse(endpoint.address);
      if (!name || name->wire().size() == 1) continue;
      add(Type::cname, std::string{name->bytes()});
      answer_.answers.back().ttl = 0;
      return;
    }
  }

  void tell_srv(std::span<const Endpoint> endpoints) {
    std::vector<std::pair<Address, std::string>> targets;
    for (const Endpoint& endpoint : endpoints) {
      if (is_full()) return;  // then there is no room for addresses either
      if (endpoint.port == 0) continue;
      const auto address = parse_address(endpoint.address);
      const auto target = address ? below({address->hex(), "addr"}, *domain_)
                                  : Name::parse(endpoint.address).value_or(Name{});
      if (target.wire().size() == 1) continue;
      const std::uint64_t weight = std::uint64_t{endpoint.weight} * scale_;
      add(Type::srv,
          srv_data(static_cast<std::uint16_t>(best_priority + endpoint.rank),
                   static_cast<std::uint16_t>(std::min<std::uint64_t>(weight, most_weight)),
                   endpoint.port, target));
      if (address) targets.emplace_back(*address, target.bytes());
    }
    // HAProxy gives each additional record to one server only, though several may have that target.
    std::set<Address> told;
    for (const auto& [address, target] : targets) {
      if (told.insert(address).second || scale_ == haproxy_scale)
        add_address(answer_.additional, address, target);
    }
  }

  /// The last answer does not fit any more.
  [[nodiscard]] bool is_full() const { return size_ > room_; }

  // Records
  // -----------------------------------------------------------------------------------------------

  [[nodiscard]] bool asks(Type type) const {
    return query_.type == type || query_.type == Type::any;
  }
  void add(Type type, std::string data) {
    size_ += fixed_part + data.size();
    answer_.answers.push_back({{}, type, options_.ttl, std::move(data)});
  }
  void add_matching(const Address& address) {
    if (asks(address.type())) add(address.type(), std::string{address.data()});
  }
  void add_address(std::vector<Record>& to, const Address& address, std::string_view owner) const {
    to.push_back({std::string{owner}, address.type(), options_.ttl, std::string{address.data()}});
  }
  void add_texts(const std::vector<std::string>& texts) {
    std::string data = txt_data(texts);
    if (!data.empty()) add(Type::txt, std::move(data));
  }
  [[nodiscard]] Record soa(std::uint32_t ttl) const {
    SoaData data;
    data.primary = below({"ns"}, *domain_);
    data.mailbox = below({"hostmaster"}, *domain_);
    data.serial = directory_.serial();
    data.minimum = options_.negative_ttl;
    return {std::string{domain_->bytes()}, Type::soa, ttl, soa_data(data)};
  }

  const ZoneOptions& options_;
  const Query& query_;
  const Directory& directory_;
  const std::uint64_t entropy_;
  std::vector<std::string_view> lowered_;
  std::vector<std::string_view> written_;
  const Name* domain_ = nullptr;
  std::size_t domain_labels_ = 0;
  Directory::Filter filter_;
  std::uint32_t scale_ = 1;
  const std::size_t room_;
  std::size_t size_;  // of the message with the answers so far, at least
  Answer answer_;
};

}  // namespace

Answer Zone::resolve(const Query& query, const Directory& directory, std::uint64_t entropy,
                     std::size_t room) const {
  return Resolution(options_, query, directory, entropy, room).run();
}

}  // namespace muster::broker::dns
