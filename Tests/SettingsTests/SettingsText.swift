import Foundation
import TestSupport

/// What the tests' configurations have in common.
enum SettingsText {
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
