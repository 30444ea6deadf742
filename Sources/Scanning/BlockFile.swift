internal import Bitcoin
internal import Bytes
package import ChainTypes
package import Foundation

/// A file that holds blocks.
///
/// - `.raw`, `.dat`, `.blk` and `.bin`: the bytes of one block, or blocks as Bitcoin Core stores
///   them in `blk00000.dat` (each behind the network's message start and its length), where those
///   aren't obfuscated (`-blocksxor=0`)
/// - `.hex` and `.txt`: a block in hexadecimal on each line, with blank lines and `#` comments
/// - `.json`: an object whose `block`, `hex` or `result` is a block in hexadecimal
package struct BlockFile: Sendable {
  package let url: URL
  private let form: Form

  private enum Form {
    case binary, hexadecimal, json
  }

  private static let maximumJSONBytes = 10_000_000

  package init(_ url: URL) throws(BlockFileError) {
    self.url = url
    switch url.pathExtension.lowercased() {
    case "raw", "dat", "blk", "bin": form = .binary
    case "hex", "txt": form = .hexadecimal
    case "json": form = .json
    default: throw .unknownExtension(url.pathExtension)
    }
  }

  /// The files of a directory in the order of their names, numbers in them by value; a file alone
  /// stands for itself. Names that begin with a dot are left out.
  package static func urls(at url: URL) throws -> [URL] {
    let isDirectory = try url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory ?? false
    guard isDirectory else { return [url] }
    let found = try FileManager.default.contentsOfDirectory(
      at: url, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
    return found.sorted { a, b in
      let (left, right) = (a.lastPathComponent, b.lastPathComponent)
      let order = left.compare(right, options: [.numeric, .literal])
      return order == .orderedSame ? left < right : order == .orderedAscending
    }
  }

  /// Gives `visit` each block with the place it stands at, and `refuse` what isn't any. Throws only
  /// what `visit` throws.
  package func forEachBlock(
    of network: BitcoinNetwork, visit: (BlockPlace, RawSpan) throws -> Void,
    refuse: (BlockPlace, BlockFileError) -> Void
  ) throws {
    let whole = BlockPlace(file: url.lastPathComponent, position: .whole)
    let data: Data
    do {
      data = try Data(contentsOf: url, options: .mappedIfSafe)
    } catch {
      refuse(whole, .unreadable((error as NSError).localizedDescription))
      return
    }
    switch form {
    case .binary: try binary(data.bytes, network, visit, refuse)
    case .hexadecimal: try lines(data.span, visit, refuse)
    case .json:
      let block: [UInt8]
      do {
        block = try Self.block(inJSON: data)
      } catch {
        refuse(whole, error)
        return
      }
      try visit(whole, block.span.bytes)
    }
  }

  private func binary(
    _ bytes: RawSpan, _ network: BitcoinNetwork, _ visit: (BlockPlace, RawSpan) throws -> Void,
    _ refuse: (BlockPlace, BlockFileError) -> Void
  ) throws {
    let file = url.lastPathComponent
    var frames = BlockFrames(bytes, network: network)
    guard frames.areThere else {
      try visit(BlockPlace(file: file, position: .whole), bytes)
      return
    }
    while true {
      let place = BlockPlace(file: file, position: .offset(frames.offset))
      let block: RawSpan?
      do {
        block = try frames.next()
      } catch {
        refuse(place, error)
        return
      }
      guard let block else { return }
      try visit(place, block)
    }
  }

  private func lines(
    _ text: Span<UInt8>, _ visit: (BlockPlace, RawSpan) throws -> Void,
    _ refuse: (BlockPlace, BlockFileError) -> Void
  ) throws {
    var lines = TextLines(text)
    var count = 0
    while let line = lines.next() {
      count += 1
      let place = BlockPlace(file: url.lastPathComponent, position: .line(lines.number))
      let block: [UInt8]
      do {
        block = try Self.block(digits: line)
      } catch {
        refuse(place, error)
        continue
      }
      try visit(place, block.span.bytes)
    }
    if count == 0 {
      refuse(BlockPlace(file: url.lastPathComponent, position: .whole), .noBlock)
    }
  }

  private static func block(digits: Span<UInt8>) throws(BlockFileError) -> [UInt8] {
    guard digits.count <= 2 * TransactionLimits.maximumWeight else {
      throw .tooLong(bytes: digits.count / 2)
    }
    do {
      return try Hex.decode(digits: digits)
    } catch {
      throw .invalidHex(error)
    }
  }

  private static func block(inJSON data: Data) throws(BlockFileError) -> [UInt8] {
    guard data.count <= maximumJSONBytes else { throw .tooLong(bytes: data.count) }
    struct Holder: Decodable {
      let block: String?
      let hex: String?
      let result: String?
    }
    guard let holder = try? JSONDecoder().decode(Holder.self, from: data),
      let text = holder.block ?? holder.hex ?? holder.result
    else { throw .noBlock }
    return try block(digits: Array(text.utf8).span)
  }
}

/// Where a block stands: a file's name, with the line or the offset in it.
package struct BlockPlace: Hashable, Sendable, CustomStringConvertible {
  package let file: String
  package let position: Position

  package enum Position: Hashable, Sendable {
    case whole
    /// From 1.
    case line(Int)
    /// In bytes.
    case offset(Int)
  }

  package var description: String {
    switch position {
    case .whole: file
    case .line(let line): "\(file):\(line)"
    case .offset(let offset): "\(file) at byte \(offset)"
    }
  }
}
