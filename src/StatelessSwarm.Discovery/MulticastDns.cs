using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Discovery.Browsing;
using StatelessSwarm.Discovery.Links;
using StatelessSwarm.Discovery.Messages;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery;

/// <summary>
/// Multicast DNS responder and browser (RFC 6762, RFC 6763) on the links of this machine. Safe for use from many threads.
/// </summary>
public sealed class MulticastDns : IAsyncDisposable
{
    private const string FallbackHostLabel = "stateless";

    // RFC 6762 3 and 11.
    private static readonly MulticastGroup Group = new(
        "mDNS",
        IPAddress.Parse("224.0.0.251"),
        IPAddress.Parse("ff02::fb"),
        MulticastProtocol.Port,
        HopLimit: 255,
        MessageReader.MaxPacketLength
    );

    private readonly MulticastProtocol _protocol;
    private readonly LinkLoop _loop;
    private readonly Dictionary<int, TaskCompletionSource> _announcing = [];
    private readonly Dictionary<int, ServiceRegistration> _registrations = [];

    private MulticastDns(MulticastDnsOptions options, TimeProvider time, ILogger logger)
    {
#pragma warning disable CA5394 // delays and rename suffixes, no secrets
        var random = new Random(RandomNumberGenerator.GetInt32(int.MaxValue));
#pragma warning restore CA5394
        _protocol = new MulticastProtocol(options.HostLabel ?? MachineLabel(), random, new CacheLimits());
        var filter = new LinkFilter(options.Interfaces, options.UseIPv4, options.UseIPv6, []);
        _loop = new LinkLoop(_protocol, filter, Group, time, logger, TellWhoWaits);
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
        started._loop.Start();
        try
        {
            await started._loop.CallAsync(() => started._protocol.Links.Count, cancellation);
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
        var key = await _loop.CallAsync(
            () =>
            {
                var registered = _protocol.Register(profile, _loop.Now);
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

        await _loop.CallAsync(
            () =>
            {
                _registrations[key] = registration;
                registration.Instance = _protocol.InstanceLabel(key);
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
        await _loop.CallAsync(
            () =>
            {
                _protocol.Browse(serviceType, reader, _loop.Now);
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
            await _loop.PostAsync(() => _protocol.StopBrowsing(serviceType, reader));
        }
    }

    /// <summary>Says goodbye for everything announced and leaves the groups.</summary>
    public async ValueTask DisposeAsync()
    {
        await _loop.StopAsync(() => _protocol.Close(_loop.Now));
        var stopped = new ObjectDisposedException(nameof(MulticastDns));
        foreach (var announced in _announcing.Values)
            announced.TrySetException(stopped);
    }

    internal async ValueTask UnregisterAsync(int key) =>
        await _loop.PostAsync(() =>
        {
            _registrations.Remove(key);
            _announcing.Remove(key);
            _protocol.Unregister(key, _loop.Now);
        });

    private void TellWhoWaits()
    {
        foreach (var (key, announced) in _announcing)
        {
            if (_protocol.IsAnnounced(key) && announced.TrySetResult())
                _announcing.Remove(key);
        }

        foreach (var (key, registration) in _registrations)
            registration.Instance = _protocol.InstanceLabel(key);
    }

    // The first label of the machine's name; "localhost" and "(none)" name no machine.
    private static string MachineLabel()
    {
        var label = Environment.MachineName.Split('.')[0];
        return label.Length is 0 or > 63 || label is "localhost" or "(none)" ? FallbackHostLabel : label;
    }
}
