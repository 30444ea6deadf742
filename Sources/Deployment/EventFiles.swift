package import EventLog
internal import Settlement

/// The schemas of everything that is told, as `deploy/events` has them.
package enum EventFiles {
  package static let families = EventSchemas.families

  package static var all: [(name: String, text: String)] { EventFamily.files(of: families) }
}
