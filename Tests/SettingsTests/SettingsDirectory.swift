import Foundation
import TestSupport

/// A directory of its own for one test, with the chains' descriptions beside it; removed with the
/// value.
final class SettingsDirectory: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "paywatch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let file = url.appending(path: name)
    try Data(text.utf8).write(to: file)
    return file.path(percentEncoded: false)
  }

  static let chains = PackageFiles.root.appending(path: "chains").path(percentEncoded: false)

  /// The smallest configuration that is complete; its last mapping is the node's.
  static let minimal = """
    region: eu-1
    database:
      sqlite: paywatch.sqlite
    chains_directory: \(chains)
    chains:
      - name: bitcoin-regtest
        nodes:
          - url: http://127.0.0.1:18443

    """
}
