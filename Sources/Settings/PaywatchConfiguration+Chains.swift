internal import Bytes
internal import ChainTypes
internal import Foundation

extension PaywatchConfiguration {
  static func chains(_ root: SettingsMapping, directory: String) -> [ChainSettings] {
    var chains: [ChainSettings] = []
    for mapping in root.requiredList("chains", hint: "a list of the chains to watch.") {
      guard let chain = chain(mapping, directory: directory) else { continue }
      if chains.contains(where: { $0.spec.name == chain.spec.name }) {
        mapping.note("name", "The chain “\(chain.spec.name)” stands here twice: remove one.")
      } else if let mistake = conflict(of: chain.spec.family, with: chains.map(\.spec)) {
        mapping.note("name", mistake)
      }
      chains.append(chain)
    }
    return chains
  }

  /// Why a chain can't be watched beside the others: accounts and addresses are those of a family.
  private static func conflict(
    of family: ChainSpec.Family, with others: [ChainSpec]
  ) -> String? {
    for other in others {
      switch (family, other.family) {
      case (.bitcoin, .bitcoin):
        return "One Bitcoin network fits in a database: give each one of its own."
      case (.ethereum(let network), .ethereum(let present)):
        if network.chainID == present.chainID {
          return "“\(other.name)” has the chain id \(present.chainID), too: remove one."
        }
        if network.isTest != present.isTest {
          return
            "Beside “\(other.name)” it mixes real coins with a test network's in one database: "
            + "give each kind one of its own."
        }
      default: continue
      }
    }
    return nil
  }

  private static func chain(_ mapping: SettingsMapping, directory: String) -> ChainSettings? {
    let name = mapping.text("name", hint: "a chain's name, such as bitcoin.")
    let specPath = mapping.optionalText("spec").map(mapping.file.resolve)
    let quorum = mapping.optionalInteger("quorum", in: 1...100)
    let startHeight = mapping.optionalInteger("start_height", in: 0...Int(Int32.max))
    let poll = mapping.integer("poll_milliseconds", in: 10...600_000, default: 500)
    let nodes = nodes(mapping)
    if let quorum, quorum > nodes.count, !nodes.isEmpty {
      mapping.note(
        "quorum", "\(quorum) of \(nodes.count) nodes can't be had: add nodes or lower it.")
    }
    if quorum == nil, nodes.count > 1, !mapping.has("quorum") {
      mapping.note("quorum", "It is missing: how many of the \(nodes.count) nodes must agree.")
    }
    var spec: ChainSpec?
    if ChainName(name) != nil {
      let path = specPath ?? (directory as NSString).appendingPathComponent("\(name).yaml")
      spec = Self.spec(mapping, name: name, path: path)
    } else if !name.isEmpty {
      mapping.note("name", "“\(name)” must be 1 to 40 of a–z, 0–9 and -.")
    }
    let (startHash, ethereum) = settings(mapping, of: spec?.family)
    let payoutMapping = mapping.nested("payouts")
    let payouts = spec.map { Self.payouts(payoutMapping, of: $0.family) }
    mapping.finish()
    if startHash != nil, startHeight == nil {
      mapping.note("start_hash", "It needs start_height: the height of that block.")
    }
    if case .ethereum(let network)? = spec?.family, !network.profile.provesTransactions,
      ethereum?.traces == true
    {
      mapping.note(
        "traces", "Transactions on “\(name)” can't be proved yet: calls inside them aren't read.")
    }
    guard let spec, let payouts else { return nil }
    return ChainSettings(
      spec: spec, quorum: quorum ?? 1, startHeight: startHeight.map(UInt32.init),
      startHash: startHash, pollMilliseconds: poll, nodes: nodes, ethereum: ethereum,
      payouts: payouts)
  }

  /// What depends on the chain's family. Where that isn't known, because the chain's description
  /// has mistakes, the settings of all families may stand there.
  private static func settings(
    _ mapping: SettingsMapping, of family: ChainSpec.Family?
  ) -> (startHash: Hash32?, ethereum: EthereumSettings?) {
    switch family {
    case .bitcoin: return (ChainSpecFile.hash(mapping, "start_hash"), nil)
    case .ethereum:
      let ethereum = EthereumSettings(
        traces: mapping.optionalFlag("traces") ?? false,
        balanceProofsPerBlock: mapping.integer(
          "balance_proofs_per_block", in: 0...1_000, default: 8))
      return (ChainSpecFile.ethereumHash(mapping, "start_hash"), ethereum)
    case nil:
      for name in ["start_hash", "traces", "balance_proofs_per_block"] {
        _ = mapping.optionalText(name)
      }
      return (nil, nil)
    }
  }

  private static func spec(_ mapping: SettingsMapping, name: String, path: String) -> ChainSpec? {
    do throws(ConfigurationError) {
      let spec = try ChainSpecFile.load(path)
      if spec.name.text != name {
        mapping.note(
          "name", "\(path) describes “\(spec.name)”: name the chain so, or another file.")
      }
      return spec
    } catch {
      mapping.note("name", "The chain's description \(path) can't be used; see what follows.")
      mapping.file.take(error)
      return nil
    }
  }

  private static func nodes(_ chain: SettingsMapping) -> [NodeSettings] {
    var nodes: [NodeSettings] = []
    let mappings = chain.requiredList(
      "nodes", hint: "a list of the chain's nodes, each with a url.")
    for (index, mapping) in mappings.enumerated() {
      let name = mapping.text("name", default: "node-\(index + 1)", hint: "")
      let url = url(mapping)
      if nodes.contains(where: { $0.name == name }) {
        mapping.note("name", "Another node of the chain is called “\(name)”: rename one.")
      }
      nodes.append(NodeSettings(name: name, url: Secret(url), credentials: credentials(mapping)))
      mapping.finish()
    }
    return nodes
  }

  /// From the file, or from one of its own where a part of it is secret; empty where wrong.
  private static func url(_ mapping: SettingsMapping) -> String {
    let secret = secret(mapping, "url_file")
    guard mapping.isGiven("url_file") else {
      let url = mapping.text("url", hint: "the node's RPC, such as http://127.0.0.1:8332.")
      check(url, of: mapping)
      return url
    }
    if mapping.isGiven("url") {
      mapping.note("url_file", "It stands alone: remove it, or url.")
      _ = mapping.optionalText("url")
    }
    guard let url = secret?.text else { return "" }
    check(url, of: mapping)
    return url
  }

  private static func check(_ url: String, of mapping: SettingsMapping) {
    guard !url.isEmpty, check(url, schemes: ["http", "https"], of: mapping) else { return }
    if URLComponents(string: url)?.user != nil {
      mapping.note(
        "url", "It must hold no password: use user and password_file, or cookie_file.")
    }
  }

  private static func credentials(_ mapping: SettingsMapping) -> NodeSettings.Credentials {
    let user = mapping.optionalText("user")
    let passwordFile = mapping.optionalText("password_file")
    let cookieFile = mapping.optionalText("cookie_file")
    if let cookieFile {
      if user != nil || passwordFile != nil {
        mapping.note("cookie_file", "It stands alone: remove it, or user and password_file.")
      }
      return .cookieFile(mapping.file.resolve(cookieFile))
    }
    switch (user, passwordFile) {
    case (nil, nil): return .none
    case (nil, .some):
      mapping.note("password_file", "It needs user: the name that belongs to the password.")
    case (.some, nil):
      mapping.note("user", "It needs password_file: a file that holds the password.")
    case (.some(let user), .some):
      if let password = secret(mapping, "password_file") { return .password(user: user, password) }
    }
    return .none
  }
}
