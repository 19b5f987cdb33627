using System.Net;
using Microsoft.Extensions.Logging;

namespace StatelessSwarm.Discovery;

/// <summary>Multicast DNS responder and browser (RFC 6762, RFC 6763) on the links of this machine.</summary>
public sealed partial class MulticastDns : IAsyncDisposable
{
    /// <summary>Joins the groups. A machine with no usable interface is no fault: interfaces may come later.</summary>
    public static Task<MulticastDns> StartAsync(
        MulticastDnsOptions options,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellation
    ) => throw new NotImplementedException();

    /// <summary>Probes, announces and defends a service; returns once announced.</summary>
    public Task<ServiceRegistration> RegisterAsync(ServiceProfile profile, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>Reports services of a type, first those known already, until cancelled.</summary>
    public IAsyncEnumerable<ServiceEvent> BrowseAsync(string serviceType, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>Says goodbye for everything announced and leaves the groups.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
