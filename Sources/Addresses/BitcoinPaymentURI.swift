package import Bytes
package import ChainTypes

/// A link or QR code that asks a wallet for a payment on Bitcoin (BIP-0321, which replaces
/// BIP-0021): `bitcoin:bc1q…?amount=0.00120000&label=Shop&message=Order%2017`.
///
/// The address stands in the body on every network: BIP-0321 has test networks use a `tb`
/// parameter, which today's wallets don't read, so that form is understood but not written.
package struct BitcoinPaymentURI: Hashable, Sendable {
  package let address: BitcoinAddress
  /// In satoshi; none leaves it to the payer.
  package let amount: UInt256?
  package let label: String?
  package let message: String?

  package init(
    address: BitcoinAddress, amount: UInt256?, label: String? = nil, message: String? = nil
  ) {
    self.address = address
    self.amount = amount
    self.label = label
    self.message = message
  }

  package enum ParsingError: Error, Equatable {
    case tooLong(characters: Int)
    /// The text doesn't begin with `bitcoin:`.
    case wrongScheme(String)
    case invalidAddress(AddressError)
    /// Neither in the body nor in a parameter of the network's own is there an on-chain address.
    case noAddress
    case invalidAmount(Amount.ParsingError)
    /// More satoshi than there will ever be.
    case amountTooLarge(UInt256)
    /// `amount`, `label`, `message` and `pop` may stand once only.
    case duplicateParameter(String)
    /// A `req-` parameter that isn't understood makes the whole URI invalid.
    case unknownRequiredParameter(String)
    /// A segwit address under another network's parameter.
    case addressInWrongParameter(String)
    case invalidEscape(String)
  }

  /// At most this many characters are read.
  package static let maximumCharacters = 4_096

  package var text: String { "bitcoin:\(address.text)\(query)" }

  /// The link of an address that is known to be one, in `amount` satoshi: the same text as
  /// `text`'s, without taking the address apart.
  package static func text(address: String, amount: UInt256) -> String {
    "bitcoin:\(address)?\(parameter(amount: amount))"
  }

  /// The same link for a QR code: with a segwit address, which reads the same in either case,
  /// scheme and address stand in capitals, which take up less room there. The parameters don't:
  /// wallets that go by BIP-0021 know `amount` in lower case only.
  package var qrText: String {
    switch address.output {
    case .p2pkh, .p2sh: text
    default: "BITCOIN:\(address.text.uppercased())\(query)"
    }
  }

  /// Reads a `bitcoin:` URI for `network`.
  package init(_ text: String, network: BitcoinNetwork) throws(ParsingError) {
    let count = text.utf8.count
    guard count <= Self.maximumCharacters else { throw .tooLong(characters: count) }
    let scheme = text.prefix(8)
    guard scheme.lowercased() == "bitcoin:" else { throw .wrongScheme(String(scheme)) }
    let parts = text.dropFirst(8).split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    var query = Query(network: network)
    for parameter in (parts.count == 2 ? parts[1] : "").split(separator: "&") {
      try query.take(parameter)
    }
    var address = query.address
    if let body = parts.first, !body.isEmpty {
      do {
        address = try BitcoinAddress(String(body), network: network)
      } catch {
        throw .invalidAddress(error)
      }
    }
    guard let address else { throw .noAddress }
    self.init(
      address: address, amount: query.amount, label: query.label, message: query.message)
  }

  private var query: String {
    var parameters: [String] = []
    if let amount { parameters.append(Self.parameter(amount: amount)) }
    if let label { parameters.append("label=\(Self.percentEncoded(label))") }
    if let message { parameters.append("message=\(Self.percentEncoded(message))") }
    return parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&")
  }

  /// Always with eight decimals: what was published of a payment stays the same text.
  private static func parameter(amount: UInt256) -> String {
    "amount=\(Amount(minorUnits: amount, asset: .btc).units)"
  }

  /// UTF-8 with everything but RFC 3986's unreserved characters escaped.
  private static func percentEncoded(_ text: String) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: result.append(byte)
      default: result += Array("%\(Hex.encode([byte]).uppercased())".utf8)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The parameters of a `bitcoin:` URI; keys compare without case.
  private struct Query {
    let network: BitcoinNetwork
    var address: BitcoinAddress?
    var amount: UInt256?
    var label: String?
    var message: String?
    private var singles: Set<String> = []

    init(network: BitcoinNetwork) { self.network = network }

    mutating func take(_ parameter: Substring) throws(ParsingError) {
      let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let key = (pair.first ?? "").lowercased()
      let value = pair.count == 2 ? pair[1] : ""
      // Whether required or not, a parameter is the same one.
      let name = key.hasPrefix("req-") ? String(key.dropFirst(4)) : key
      if ["amount", "label", "message", "pop"].contains(name) {
        guard singles.insert(name).inserted else { throw .duplicateParameter(name) }
      }
      switch name {
      case "amount": amount = try Self.satoshi(value)
      case "label": label = try Self.percentDecoded(value)
      case "message": message = try Self.percentDecoded(value)
      case "bc", "tb", "bcrt": try take(address: value, prefix: name)
      default:
        guard !key.hasPrefix("req-") else { throw .unknownRequiredParameter(key) }
      }
    }

    /// Several addresses may stand there; the first of this network is taken.
    private mutating func take(
      address value: Substring, prefix: String
    ) throws(ParsingError) {
      guard value.lowercased().hasPrefix(prefix + "1") else {
        throw .addressInWrongParameter(prefix)
      }
      guard prefix == network.bech32Prefix, address == nil else { return }
      do {
        address = try BitcoinAddress(String(value), network: network)
      } catch {
        throw .invalidAddress(error)
      }
    }

    private static func satoshi(_ text: Substring) throws(ParsingError) -> UInt256 {
      let amount: UInt256
      do {
        amount = try Amount(units: text, asset: .btc).minorUnits
      } catch {
        throw .invalidAmount(error)
      }
      guard amount <= UInt256(Asset.maximumSatoshi) else { throw .amountTooLarge(amount) }
      return amount
    }

    private static func percentDecoded(_ text: Substring) throws(ParsingError) -> String {
      var bytes: [UInt8] = []
      var rest = Array(text.utf8)[...]
      while let byte = rest.popFirst() {
        guard byte == 0x25 else {
          bytes.append(byte)
          continue
        }
        let digits = Array(rest.prefix(2))
        guard digits.count == 2, let value = try? Hex.decode(digits: digits.span).first else {
          throw .invalidEscape(String(text))
        }
        bytes.append(value)
        rest = rest.dropFirst(2)
      }
      guard let decoded = String(validating: bytes, as: UTF8.self) else {
        throw .invalidEscape(String(text))
      }
      return decoded
    }
  }
}

extension BitcoinPaymentURI: CustomStringConvertible {
  package var description: String { text }
}
