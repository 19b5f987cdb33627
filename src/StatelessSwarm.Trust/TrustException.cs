namespace StatelessSwarm.Trust;

/// <summary>Signed metadata that may not be believed. The message is one line: what, which rule, expected against seen.</summary>
public sealed class TrustException : Exception
{
    /// <summary>A refusal.</summary>
    public TrustException(TrustFault fault, string message)
        : base(message) => Fault = fault;

    /// <summary>A refusal with the fault below it.</summary>
    public TrustException(TrustFault fault, string message, Exception inner)
        : base(message, inner) => Fault = fault;

    /// <summary>The rule that was broken.</summary>
    public TrustFault Fault { get; }
}
