namespace StatelessSwarm.Node.Faults;

/// <summary>A failure of the node's own, in one line, of a kind the caller acts on.</summary>
public sealed class NodeException : Exception
{
    /// <summary>A failure.</summary>
    public NodeException(FaultKind kind, string message)
        : base(message) => Kind = kind;

    /// <summary>A failure with the one below it.</summary>
    public NodeException(FaultKind kind, string message, Exception inner)
        : base(message, inner) => Kind = kind;

    /// <summary>What kind.</summary>
    public FaultKind Kind { get; }
}
