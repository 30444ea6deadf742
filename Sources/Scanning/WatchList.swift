internal import Addresses
internal import Bytes
package import ChainTracking
package import ChainTypes

/// What a scan looks for, read from text: an address of the network or a scriptPubKey in
/// hexadecimal on each line. Blank lines and those that begin with `#` say nothing.
package struct WatchList: Sendable {
  /// Each script with the number of the line that names it first.
  package private(set) var scripts: WatchSet
  package let network: BitcoinNetwork

  /// `MAX_SCRIPT_SIZE`: an output with a longer script can't be spent.
  package static let maximumScriptBytes = 10_000

  /// `key` must be random: see `WatchSet`.
  package init(
    text: Span<UInt8>, network: BitcoinNetwork, key: (UInt64, UInt64)
  ) throws(WatchListError) {
    scripts = WatchSet(key: key)
    self.network = network
    var lines = TextLines(text)
    while let line = lines.next() {
      let script = try Self.script(line, number: lines.number, network: network)
      scripts.insert(script: script, ordinal: UInt64(lines.number))
    }
  }

  private static func script(
    _ line: Span<UInt8>, number: Int, network: BitcoinNetwork
  ) throws(WatchListError) -> [UInt8] {
    guard line.count <= 2 * maximumScriptBytes else {
      throw .tooLong(line: number, bytes: line.count)
    }
    guard isHexadecimal(line) else { return try address(line, number: number, network: network) }
    // Base58 without its letters beyond f can still be an address; its checksum tells.
    if (26...35).contains(line.count),
      let script = try? address(line, number: number, network: network)
    {
      return script
    }
    do {
      return try Hex.decode(digits: line)
    } catch {
      throw .invalidScript(line: number, error)
    }
  }

  private static func address(
    _ line: Span<UInt8>, number: Int, network: BitcoinNetwork
  ) throws(WatchListError) -> [UInt8] {
    let text = line.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
    guard let text else { throw .notText(line: number) }
    do {
      return try BitcoinAddress(text, network: network).output.scriptPubKey
    } catch {
      throw .invalidAddress(line: number, error)
    }
  }

  private static func isHexadecimal(_ line: Span<UInt8>) -> Bool {
    for index in line.indices {
      switch line[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
        UInt8(ascii: "A")...UInt8(ascii: "F"):
        continue
      default: return false
      }
    }
    return true
  }
}
