namespace StatelessSwarm.Seed.Access;

/// <summary>What one client may take of the HTTP server. A site behind one translated address is one client: the defaults are for hundreds of machines.</summary>
internal sealed record ClientLimits
{
    /// <summary>Requests that may come at once before the rate counts; default 4000.</summary>
    public int RequestBurst { get; init; } = 4000;

    /// <summary>Requests per second in the long run; default 1000.</summary>
    public int RequestsPerSecond { get; init; } = 1000;

    /// <summary>Connections at once; default 1024, half of what there is.</summary>
    public int Connections { get; init; } = 1024;

    /// <summary>Enrolments that may come at once; default 200: a site is unpacked.</summary>
    public int EnrolmentBurst { get; init; } = 200;

    /// <summary>Enrolments per second in the long run; default 5.</summary>
    public int EnrolmentsPerSecond { get; init; } = 5;
}
