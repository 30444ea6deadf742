/// What a service refuses and its client is told: a route lets it pass, and the server answers it
/// as this problem.
package protocol Refusal: Error {
  var problem: Problem { get }
}
