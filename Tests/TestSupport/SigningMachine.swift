import Foundation

/// The machine that signs and has no network: `payctl sign` with a policy, the record beside it and
/// the keys' words, in a directory that a test brings files to and takes them from.
package struct SigningMachine: Sendable {
  private let directory: TemporaryDirectory
  private let words: String

  /// - Parameters:
  ///   - policy: YAML; what it names is seen from the directory
  ///   - words: BIP-0039's
  package init(in directory: TemporaryDirectory, policy: String, words: String) throws {
    self.directory = directory
    self.words = words
    try directory.write("policy.yaml", policy)
  }

  /// The signed file for a batch; throws what the signer says where it refuses.
  ///
  /// - Parameter unpaid: refunds that were signed before and can't be mined any more
  package func sign(_ batch: [UInt8], unpaid: [String] = []) async throws -> [UInt8] {
    let file = try directory.write("\(UUID().uuidString).json", batch)
    let outcome = try await Program.payctl.finish(
      ["sign", file, "--policy", directory.path("policy.yaml"), "--words", "--yes"]
        + unpaid.flatMap { ["--unpaid", $0] }, input: words + "\n")
    guard outcome.status == 0 else { throw Program.Failure(text: outcome.errors) }
    return Array(try Data(contentsOf: URL(filePath: file + ".signed")))
  }
}
