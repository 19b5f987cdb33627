namespace StatelessSwarm.Node.Configuration;

/// <summary>When a fetched release becomes current.</summary>
public enum ActivationPolicy
{
    /// <summary>As soon as it is complete and verified.</summary>
    Now,

    /// <summary>It becomes next; <c>stateless activate</c>, or the next boot, makes it current.</summary>
    Next,
}
