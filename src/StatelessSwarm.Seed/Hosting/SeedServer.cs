using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Seed.Access;
using StatelessSwarm.Seed.Files;
using StatelessSwarm.Seed.Netboot;
using StatelessSwarm.Seed.Releases;
using StatelessSwarm.Seed.Status;
using StatelessSwarm.Seed.Tracking;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Swarm.Limits;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Seed.Hosting;

/// <summary>
/// The whole server in one process. Starts in this order: repository, HTTP sockets, peer, web server (<c>/healthz</c> says
/// 503), releases, ready, mDNS; stops in the reverse one.
/// </summary>
internal sealed class SeedServer : IAsyncDisposable
{
    private const int TftpPort = 69;

    private readonly SeedOptions _options;
    private readonly TimeProvider _time;
    private readonly SeedParts _parts;
    private readonly ILoggerFactory _loggers;
    private readonly SeedCounters _counters = new();
    private readonly SwarmRegistry _registry;
    private readonly TrackerEndpoint _tracker;
    private readonly ReleaseWatcher _watcher;
    private readonly ConnectionLimiter _connections;
    private readonly RequestLimiter _requests;
    private readonly AuditLog _audit;
    private readonly long _started;
    private HttpListeners? _netbootListeners;
    private EnrolmentEndpoint? _enrolment;
    private RevocationWatch? _revocations;
    private HttpListeners? _listeners;
    private WebApplication? _web;
    private SeedAnnouncement? _announcement;
    private NetbootOptions? _netboot;
    private TftpServer? _tftp;
    private ProxyDhcpServer? _proxyDhcp;
    private volatile bool _isReady;

    private SeedServer(SeedOptions options, SeedParts parts, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _parts = parts;
        _time = time;
        _loggers = loggers;
        _started = time.GetTimestamp();
        // the choice of peers need not be secret, only spread
        _registry = new SwarmRegistry(options.Tracker, time, new Random(unchecked((int)_started)));
        _tracker = new TrackerEndpoint(_registry, options.Tracker, _counters);
        _connections = new ConnectionLimiter(options.Clients.Connections);
        _requests = new RequestLimiter(options.Clients.RequestBurst, options.Clients.RequestsPerSecond);
        _audit = new AuditLog(options.AuditPath, time, loggers.CreateLogger("stateless-seed.audit"));
        _watcher = new ReleaseWatcher(
            parts.Source,
            parts.Peer,
            _registry,
            time,
            loggers.CreateLogger("stateless-seed.releases")
        );
    }

    /// <summary>HTTP port really listened on.</summary>
    public int HttpPort => _listeners?.Port ?? throw new InvalidOperationException("The server has not started.");

    /// <summary>Peer port really listened on.</summary>
    public int PeerPort => _parts.Peer.Port;

    /// <summary>Releases served now.</summary>
    public int ReleaseCount => _watcher.Served.Count;

    /// <summary>The tracker's memory.</summary>
    public SwarmRegistry Registry => _registry;

    /// <summary>Starts a server over a repository on disk; returns once it is ready.</summary>
    /// <exception cref="IOException">The repository is missing, or a port is in use; one line.</exception>
    public static async Task<SeedServer> StartAsync(
        SeedOptions options,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellation
    )
    {
        var repository = Repository.Open(options.RepositoryDirectory, time);
        // bound first: its port is the one people mistype, and the peer then need not be stopped again
        var listeners = HttpListeners.Bind(options.ListenAddresses, options.HttpPort);
        var origin = options.OriginBytesPerSecond > 0 ? new ByteBudget(options.OriginBytesPerSecond, time) : null;
        SwarmIdentity? identity = null;
        SwarmHost host;
        try
        {
            if (options.IdentityDirectory is { } directory)
            {
                identity = SwarmIdentity.Open(directory, time);
                identity.Revoke(repository.ReadRevokedKeys());
            }
            host = await SwarmHost.StartAsync(
                new SwarmOptions
                {
                    ListenAddresses = PeerAddresses(options.ListenAddresses),
                    Port = options.PeerPort,
                    Limits = TransferLimits.None with { Up = options.UploadBytesPerSecond > 0 ? options.UploadBytesPerSecond : null },
                    SharedUpload = origin,
                    Identity = identity,
                },
                time,
                loggers,
                cancellation
            );
        }
        catch
        {
            listeners.Dispose();
            origin?.Dispose();
            identity?.Dispose();
            throw;
        }
        var parts = new SeedParts(new RepositorySource(repository, options.Verify), new SwarmPeer(host))
        {
            Origin = origin,
            Identity = identity,
            RevokedKeys = repository.ReadRevokedKeys,
        };
        return await StartAsync(options, parts, listeners, time, loggers, cancellation);
    }

    /// <summary>Starts a server of the given parts, which it owns from now on.</summary>
    public static async Task<SeedServer> StartAsync(
        SeedOptions options,
        SeedParts parts,
        HttpListeners listeners,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellation
    )
    {
        var server = new SeedServer(options, parts, time, loggers) { _listeners = listeners };
        try
        {
            server.StartNetboot();
            server.StartAccess();
            await server.StartWebAsync(cancellation);
            await server._watcher.StartAsync(cancellation);
            server._isReady = true;
            if (options.UseMulticastDns)
            {
                server._announcement = SeedAnnouncement.Start(
                    server.HttpPort,
                    server.PeerPort,
                    time,
                    loggers.CreateLogger("stateless-seed.mdns")
                );
            }
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops: goodbye by mDNS, open transfers get a few seconds, then peers and sockets close.</summary>
    public async ValueTask DisposeAsync()
    {
        _isReady = false;
        if (_announcement is not null)
            await _announcement.DisposeAsync();
        if (_proxyDhcp is not null)
            await _proxyDhcp.DisposeAsync();
        if (_tftp is not null)
            await _tftp.DisposeAsync();
        if (_web is not null)
        {
            using var deadline = new CancellationTokenSource(_options.StopTimeout, _time);
            await _web.StopAsync(deadline.Token);
            await _web.DisposeAsync();
        }
        _listeners?.Dispose();
        _netbootListeners?.Dispose();
        if (_revocations is not null)
            await _revocations.DisposeAsync();
        await _watcher.DisposeAsync();
        await _parts.Peer.DisposeAsync();
        _parts.Origin?.Dispose();
        _parts.Identity?.Dispose();
        _enrolment?.Dispose();
        _tracker.Dispose();
        _requests.Dispose();
    }

    /// <summary>v6 any stands for both families in the peer's listener, so v4 any beside it would be bound twice.</summary>
    internal static IReadOnlyList<IPAddress> PeerAddresses(IReadOnlyList<IPAddress> addresses)
    {
        if (addresses.Count == 0)
            return Socket.OSSupportsIPv6 ? [IPAddress.IPv6Any] : [IPAddress.Any];
        return addresses.Contains(IPAddress.IPv6Any)
            ? [.. addresses.Where(address => address.AddressFamily == AddressFamily.InterNetworkV6).Distinct()]
            : [.. addresses.Distinct()];
    }

    private void StartNetboot()
    {
        if (_options.NetbootDirectory is not { } directory)
            return;
        var full = Path.GetFullPath(directory);
        if (_parts.Identity is not null)
            _netbootListeners = HttpListeners.Bind(_options.ListenAddresses, _options.NetbootPort);
        _netboot = new NetbootOptions { Directory = full, CommandLine = _options.NetbootCommandLine, HttpPort = _netbootListeners?.Port ?? HttpPort };
        foreach (var name in (ReadOnlySpan<string>)["vmlinuz", "initrd.img"])
        {
            if (!_netboot.Has(name))
                throw new IOException($"{Path.Combine(full, name)}: no such file (--netboot)");
        }
        if (!_options.AnswersDhcp)
            return;
        var logger = _loggers.CreateLogger("stateless-seed.netboot");
        _tftp = TftpServer.Start(_netboot, TftpPort, _time, logger);
        _proxyDhcp = ProxyDhcpServer.Start(_netboot, logger);
    }

    private void StartAccess()
    {
        if (_parts is { Identity: { } identity, RevokedKeys: { } revoked })
            _revocations = RevocationWatch.Start(identity, revoked, _audit, _time, _loggers.CreateLogger("stateless-seed.access"));
        if (_options.AuthorityDirectory is not { } directory)
            return;
        if (_parts.Identity is null)
            throw new IOException("--enrol: expected together with --identity: machines enrol over TLS, into a closed swarm");
        var authority = SwarmAuthority.Open(directory, _time);
        if (authority.Fingerprint != _parts.Identity.Authority)
        {
            authority.Dispose();
            throw new IOException($"{directory}: authority {authority.Fingerprint}, expected {_parts.Identity.Authority}, which the server's identity is of");
        }
        _enrolment = new EnrolmentEndpoint(_parts.Identity, authority, _audit, _options.Clients);
    }

    private async Task StartWebAsync(CancellationToken cancellation)
    {
        var listeners = _listeners!;
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory }
        );
        // neither the environment nor a file in the working directory shall change what the options say
        builder.Configuration.Sources.Clear();
        builder.Services.AddSingleton(_loggers);
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = _options.StopTimeout);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = endPoint => _netbootListeners?.Has(endPoint) == true ? _netbootListeners.Take(endPoint) : listeners.Take(endPoint));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = _options.MaxHttpConnections;
            kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
            kestrel.Limits.MaxRequestLineSize = 8 * 1024 + 64;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 64;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.RequestHeadersTimeout = _options.RequestHeadTimeout;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(75);
            // a branch behind a modem is slow, a client that reads nothing holds a file open for nothing
            kestrel.Limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(20));
            foreach (var endPoint in listeners.EndPoints)
                kestrel.Listen(endPoint, listen => Listen(listen, _parts.Identity));
            foreach (var endPoint in _netbootListeners?.EndPoints ?? [])
                kestrel.Listen(endPoint, listen => Listen(listen, identity: null));
        });
        _web = builder.Build();
        var pipeline = new RequestPipeline(
            new RepositoryFiles(_options.RepositoryDirectory, _counters, _parts.Origin),
            _tracker,
            _counters,
            TakeStatus,
            _netboot is null ? null : new NetbootFiles(_netboot),
            _requests,
            _parts.Identity,
            _enrolment,
            _loggers.CreateLogger("stateless-seed.http")
        );
        _web.Run(pipeline.HandleAsync);
        await _web.StartAsync(cancellation);
    }

    private void Listen(ListenOptions listen, SwarmIdentity? identity)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection => _connections.RunAsync(connection, next));
        if (identity is null)
            return;
        listen.UseHttps(
            new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = _options.RequestHeadTimeout,
                OnConnection = _ => ValueTask.FromResult(identity.WebServerOptions()),
            }
        );
    }

    private StatusSnapshot TakeStatus(bool withChannels)
    {
        IReadOnlyList<ChannelPointer> channels = [];
        string? fault = null;
        try
        {
            if (withChannels)
                channels = _parts.Source.ListChannels();
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or ContentException or TrustException)
        {
            // what breaks a format is named by its place in the repository, a fault of the disk by a path of this machine
            fault = exception is ContentException or TrustException
                ? exception.Message
                : "the server cannot read its repository";
        }
        return new StatusSnapshot(
            _isReady,
            _time.GetElapsedTime(_started),
            _watcher.Served,
            _registry.Scrape([]),
            _registry.PeerCount,
            channels,
            fault
        );
    }
}
