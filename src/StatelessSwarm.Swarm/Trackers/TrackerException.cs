namespace StatelessSwarm.Swarm.Trackers;

/// <summary>A tracker that cannot be reached, refuses, or answers nonsense. One line that names the URL's host and the reason.</summary>
internal sealed class TrackerException : Exception
{
    /// <summary>A refusal.</summary>
    public TrackerException(string message)
        : base(message) { }

    /// <summary>A failure with its cause.</summary>
    public TrackerException(string message, Exception inner)
        : base(message, inner) { }
}
