using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Discovery.Browsing;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery;

/// <summary>
/// Multicast DNS responder and browser (RFC 6762, RFC 6763) on the links of this machine. Safe for use from many threads.
/// </summary>
public sealed partial class MulticastDns : IAsyncDisposable
{
    private const string FallbackHostLabel = "stateless";

    private MulticastDns(MulticastDnsOptions options, TimeProvider time, ILogger logger)
    {
        _time = time;
        _logger = logger;
        _started = time.GetTimestamp();
#pragma warning disable CA5394 // delays and rename suffixes, no secrets
        var random = new Random(RandomNumberGenerator.GetInt32(int.MaxValue));
#pragma warning restore CA5394
        _protocol = new MulticastProtocol(options.HostLabel ?? MachineLabel(), random, new CacheLimits());
        _links = new Links.LinkTable(options, _protocol, logger, PostPacket, PostFault);
        _wake = time.CreateTimer(_ => Poke(ref _wakePosted, Advance), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _rescan = time.CreateTimer(_ => Poke(ref _rescanPosted, Rescan), null, RescanInterval, RescanInterval);
    }

    /// <summary>Joins the groups. A machine with no usable interface is no fault: interfaces may come later.</summary>
    /// <exception cref="ArgumentException">The host label does not fit DNS.</exception>
    public static async Task<MulticastDns> StartAsync(
        MulticastDnsOptions options,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellation
    )
    {
        var started = new MulticastDns(options, time, logger);
        started.Start();
        try
        {
            await started.CallAsync(protocol => protocol.Links.Count, cancellation);
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }

        return started;
    }

    /// <summary>
    /// Probes, announces and defends a service; returns once announced on every link there is, after about a second, or at
    /// once when there is none.
    /// </summary>
    /// <exception cref="ArgumentException">A part of the profile does not fit DNS.</exception>
    public async Task<ServiceRegistration> RegisterAsync(ServiceProfile profile, CancellationToken cancellation)
    {
        var announced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var key = await CallAsync(
            protocol =>
            {
                var registered = protocol.Register(profile, Now);
                _announcing[registered] = announced;
                return registered;
            },
            CancellationToken.None
        );
        var registration = new ServiceRegistration(this, key, profile.Instance);
        try
        {
            await announced.Task.WaitAsync(cancellation);
        }
        catch
        {
            await registration.DisposeAsync();
            throw;
        }

        await CallAsync(
            protocol =>
            {
                _registrations[key] = registration;
                registration.Instance = protocol.InstanceLabel(key);
                return true;
            },
            CancellationToken.None
        );
        return registration;
    }

    /// <summary>
    /// Reports services of a type, first those known already, until cancelled. Services registered with this very object
    /// are not reported.
    /// </summary>
    /// <exception cref="ArgumentException">The type does not look like <c>_name._tcp</c>.</exception>
    public async IAsyncEnumerable<ServiceEvent> BrowseAsync(
        string serviceType,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var reader = new ServiceEventQueue();
        await CallAsync(
            protocol =>
            {
                protocol.Browse(serviceType, reader, Now);
                return true;
            },
            CancellationToken.None
        );
        try
        {
            await foreach (var happened in reader.ReadAsync(cancellation))
                yield return happened;
        }
        finally
        {
            await PostAsync(() => _protocol.StopBrowsing(serviceType, reader));
        }
    }

    /// <summary>Says goodbye for everything announced and leaves the groups.</summary>
    public async ValueTask DisposeAsync()
    {
        await PostAsync(Stop);
        await _loop;
    }

    internal async ValueTask UnregisterAsync(int key) =>
        await PostAsync(() =>
        {
            _registrations.Remove(key);
            _announcing.Remove(key);
            _protocol.Unregister(key, Now);
        });

    // The first label of the machine's name; "localhost" and "(none)" name no machine.
    private static string MachineLabel()
    {
        var label = Environment.MachineName.Split('.')[0];
        return label.Length is 0 or > 63 || label is "localhost" or "(none)" ? FallbackHostLabel : label;
    }
}
