namespace StatelessSwarm.Swarm.Identities;

/// <summary>An identity cannot be used: a file is missing or damaged, or the certificate is not the authority's. The message is one line.</summary>
public sealed class IdentityException : IOException
{
    /// <summary>With a message that names the file and what was expected.</summary>
    public IdentityException(string message)
        : base(message) { }

    /// <summary>With what caused it.</summary>
    public IdentityException(string message, Exception cause)
        : base(message, cause) { }

    /// <summary>Without a message.</summary>
    public IdentityException()
        : base("the identity cannot be used") { }
}
