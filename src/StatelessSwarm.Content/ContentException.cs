namespace StatelessSwarm.Content;

/// <summary>
/// Data from a file, a peer or the network that breaks its format. The message is one line that names the input's
/// part, the place in it (byte offset or field) and what was expected; it never quotes unbounded input.
/// </summary>
public sealed class ContentException : Exception
{
    /// <summary>A fault with a one-line description.</summary>
    public ContentException(string message)
        : base(message) { }

    /// <summary>A fault with a one-line description and the fault below it.</summary>
    public ContentException(string message, Exception inner)
        : base(message, inner) { }
}
