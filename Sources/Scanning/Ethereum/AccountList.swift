package import Addresses
internal import Ethereum

/// The accounts that a scan looks for, read from text: an address on each line. Blank lines and
/// those that begin with `#` say nothing.
package struct AccountList: AddressWatching, Sendable {
  package private(set) var accounts: Set<EthereumAddress> = []

  /// A line that is no address.
  package struct InvalidLine: Error, Equatable {
    /// From 1.
    package let line: Int
    package let reason: Reason

    package enum Reason: Equatable, Sendable {
      case notText
      case invalidAddress(EthereumAddress.ParsingError)
    }
  }

  package init(text: Span<UInt8>) throws(InvalidLine) {
    var lines = TextLines(text)
    while let line = lines.next() {
      let text = line.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
      guard let text else { throw InvalidLine(line: lines.number, reason: .notText) }
      do {
        accounts.insert(try EthereumAddress(text))
      } catch {
        throw InvalidLine(line: lines.number, reason: .invalidAddress(error))
      }
    }
  }

  package func watches(_ address: EthereumAddress) -> Bool { accounts.contains(address) }
}

extension AccountList.InvalidLine: CustomStringConvertible {
  package var description: String {
    switch reason {
    case .notText: "not an address"
    case .invalidAddress(.missingPrefix(let text)): "\(text) is no address: it lacks the 0x"
    case .invalidAddress(.wrongLength(let text, let characters)):
      "\(text) is no address: it has \(characters) characters instead of 42"
    case .invalidAddress(.invalidDigit(let text, let offset)):
      "\(text) is no address: no hexadecimal digit at character \(offset + 1)"
    case .invalidAddress(.wrongChecksum(let text, let expected)):
      "\(text) is mistyped: its letters' case doesn't fit (\(expected) would)"
    }
  }
}
