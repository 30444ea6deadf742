import Foundation
import TestSupport

/// The lines of a text file under `vectors/`.
func vectorLines(_ path: String) throws -> [Substring] {
  String(decoding: try PackageFiles.vector(path), as: UTF8.self)
    .split(whereSeparator: \.isNewline)
}
