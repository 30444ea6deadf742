package import Bytes

/// A link or QR code that asks a wallet for a payment on an EVM chain (ERC-681), in wei or in a
/// token's atomic units:
///
///     ethereum:0x…@1?value=…
///     ethereum:0xcontract@1/transfer?address=0x…&uint256=…
///
/// It always names its chain: without one, a wallet pays on whatever network it is set to.
package struct EthereumPaymentURI: Hashable, Sendable {
  package let recipient: EthereumAddress
  /// EIP-155's number.
  package let chainID: UInt64
  /// The token's contract; nil for the chain's own coin.
  package let token: EthereumAddress?
  /// None leaves it to the payer.
  package let amount: UInt256?

  package init(
    recipient: EthereumAddress, chainID: UInt64, token: EthereumAddress? = nil, amount: UInt256?
  ) {
    self.recipient = recipient
    self.chainID = chainID
    self.token = token
    self.amount = amount
  }

  package enum ParsingError: Error, Equatable {
    case tooLong(characters: Int)
    /// The text begins with neither `ethereum:` nor `ethereum:pay-`.
    case wrongScheme(String)
    /// Names of the ENS aren't taken: whom they mean can change.
    case invalidAddress(EthereumAddress.ParsingError)
    /// There is no `@` with a number behind it.
    case missingChainID
    case invalidChainID(String)
    /// A call of something other than a token's `transfer`.
    case unsupportedFunction(String)
    /// A transfer names its `address`.
    case missingParameter(String)
    case duplicateParameter(String)
    /// Anything else would be paid for, or called, without being understood.
    case unknownParameter(String)
    /// Not a number of atomic units: a fraction of one, a sign, or no number.
    case invalidAmount(String)
    case amountTooLarge(String)
  }

  /// At most this many characters are read.
  package static let maximumCharacters = 1_024

  package var text: String {
    if let token {
      let uint256 = amount.map { "&uint256=\($0)" } ?? ""
      return "ethereum:\(token)@\(chainID)/transfer?address=\(recipient)\(uint256)"
    }
    return "ethereum:\(recipient)@\(chainID)" + (amount.map { "?value=\($0)" } ?? "")
  }

  /// Reads what asks for coins, or for a token's transfer, and nothing else.
  package init(_ text: String) throws(ParsingError) {
    let count = text.utf8.count
    guard count <= Self.maximumCharacters else { throw .tooLong(characters: count) }
    let scheme = text.prefix(9)
    guard scheme.lowercased() == "ethereum:" else { throw .wrongScheme(String(scheme)) }
    var rest = text.dropFirst(9)
    if rest.hasPrefix("pay-") { rest = rest.dropFirst(4) }
    let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let target = (parts.first ?? "").split(
      separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let place = (target.first ?? "").split(
      separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let address = try Self.address(place.first ?? "")
    guard place.count == 2 else { throw .missingChainID }
    chainID = try Self.chainID(place[1])
    var query = Query()
    for parameter in (parts.count == 2 ? parts[1] : "").split(
      separator: "&", omittingEmptySubsequences: false) where parts.count == 2
    {
      try query.take(parameter)
    }
    guard target.count == 2 else {
      guard query.recipient == nil else { throw .unknownParameter("address") }
      guard query.uint256 == nil else { throw .unknownParameter("uint256") }
      (recipient, token, amount) = (address, nil, query.value)
      return
    }
    guard target[1] == "transfer" else {
      throw .unsupportedFunction(String(target[1].prefix(40)))
    }
    // A token's transfer takes no coins: they would be lost in its contract.
    guard query.value == nil else { throw .unknownParameter("value") }
    guard let recipient = query.recipient else { throw .missingParameter("address") }
    (self.recipient, token, amount) = (recipient, address, query.uint256)
  }

  private static func address(_ text: Substring) throws(ParsingError) -> EthereumAddress {
    do {
      return try EthereumAddress(String(text))
    } catch {
      throw .invalidAddress(error)
    }
  }

  private static func chainID(_ text: Substring) throws(ParsingError) -> UInt64 {
    guard (1...20).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = UInt64(text), number > 0
    else { throw .invalidChainID(String(text.prefix(24))) }
    return number
  }

  private struct Query {
    var value: UInt256?
    var recipient: EthereumAddress?
    var uint256: UInt256?
    private var names: Set<String> = []

    init() {}

    mutating func take(_ parameter: Substring) throws(ParsingError) {
      let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String((pair.first ?? "").prefix(40))
      let text = pair.count == 2 ? pair[1] : ""
      guard names.insert(name).inserted else { throw .duplicateParameter(name) }
      switch name {
      case "value": value = try EthereumPaymentURI.number(text)
      case "uint256": uint256 = try EthereumPaymentURI.number(text)
      case "address": recipient = try EthereumPaymentURI.address(text)
      // Suggestions to the wallet that change nothing of what is paid.
      case "gas", "gasLimit", "gasPrice": _ = try EthereumPaymentURI.number(text)
      default: throw .unknownParameter(name)
      }
    }
  }

  /// A whole number, which may be written with a fraction and a power of ten that makes it whole:
  /// `2.014e18`.
  private static func number(_ text: Substring) throws(ParsingError) -> UInt256 {
    let shown = String(text.prefix(100))
    let parts = text.split(
      maxSplits: 1, omittingEmptySubsequences: false, whereSeparator: { $0 == "e" || $0 == "E" })
    let digits = (parts.first ?? "").split(
      separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    var exponent = 0
    if parts.count == 2 {
      guard (1...2).contains(parts[1].utf8.count), let number = UInt8(parts[1]),
        parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) })
      else { throw .invalidAmount(shown) }
      exponent = Int(number)
    }
    let whole = digits.first ?? ""
    let fraction = digits.count == 2 ? digits[1] : ""
    guard !whole.isEmpty, digits.count == 1 || !fraction.isEmpty, fraction.utf8.count <= exponent,
      whole.utf8.count <= 80
    else { throw .invalidAmount(shown) }
    let zeros = String(repeating: "0", count: exponent - fraction.utf8.count)
    let all = (String(whole) + fraction + zeros).drop { $0 == "0" }
    do {
      return try UInt256(decimal: all.isEmpty ? "0" : String(all))
    } catch .tooLarge {
      throw .amountTooLarge(shown)
    } catch {
      throw .invalidAmount(shown)
    }
  }
}

extension EthereumPaymentURI: CustomStringConvertible {
  package var description: String { text }
}
