namespace StatelessSwarm.Discovery;

/// <summary>What happened to a service.</summary>
public enum ServiceEventKind
{
    /// <summary>New, resolved.</summary>
    Found,

    /// <summary>Addresses, port or text changed.</summary>
    Updated,

    /// <summary>Said goodbye, or its records ran out.</summary>
    Lost,
}
