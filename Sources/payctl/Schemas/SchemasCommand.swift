internal import ArgumentParser
internal import Deployment
internal import Foundation

struct SchemasCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schemas",
    abstract: "Writes the JSON Schemas of all events, and the AsyncAPI document over them.")

  @Argument(help: "The directory to write into; it must be there.", completion: .directory)
  var directory: String

  func run() throws {
    for file in EventFiles.all {
      let path = URL(filePath: directory).appending(path: file.name)
      do {
        try Data(file.text.utf8).write(to: path, options: .atomic)
      } catch {
        throw CommandFailure("\(path.path(percentEncoded: false)) can't be written: \(error)")
      }
    }
  }
}
