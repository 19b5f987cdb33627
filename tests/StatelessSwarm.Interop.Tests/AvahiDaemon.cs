using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Interop.Tests;

/// <summary>
/// Avahi in a network namespace, with a message bus of its own and a private directory for its process id, so that it
/// neither meets nor disturbs one of the machine.
/// </summary>
internal sealed class AvahiDaemon : IAsyncDisposable
{
    private const string BusAddressVariable = "DBUS_SYSTEM_BUS_ADDRESS";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly NetworkNamespace _where;
    private readonly DirectoryInfo _directory;
    private readonly LineProcess _bus;
    private readonly Dictionary<string, string> _environment;
    private LineProcess? _daemon;

    private AvahiDaemon(NetworkNamespace where, DirectoryInfo directory)
    {
        _where = where;
        _directory = directory;
        var socket = Path.Combine(directory.FullName, "bus");
        _environment = new Dictionary<string, string> { [BusAddressVariable] = $"unix:path={socket}" };
        var busConfiguration = Path.Combine(directory.FullName, "bus.conf");
        File.WriteAllText(busConfiguration, BusConfiguration(socket));
        _bus = _where.Start(
            LineProcess.Guarded(
                "dbus-daemon",
                $"--config-file={busConfiguration}",
                "--nofork",
                "--nopidfile",
                "--print-address"
            ),
            _environment
        );
    }

    /// <summary>Starts one and waits until it is on the link.</summary>
    public static async Task<AvahiDaemon> StartAsync(NetworkNamespace where, string hostName, string link)
    {
        var started = new AvahiDaemon(where, Directory.CreateTempSubdirectory("sswt-avahi-"));
        try
        {
            await started._bus.WaitForAsync(line => line.StartsWith("unix:", StringComparison.Ordinal), Patience);
            await started.StartDaemonAsync(hostName, link);
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }

        return started;
    }

    /// <summary>Publishes a service until stopped.</summary>
    public async Task<LineProcess> PublishAsync(string instance, string type, int port, params string[] text)
    {
        var publisher = _where.Start(
            LineProcess.Guarded("avahi-publish", ["-s", instance, type, $"{port}", .. text]),
            _environment
        );
        await publisher.WaitForAsync(line => line.Contains("Established", StringComparison.Ordinal), Patience);
        return publisher;
    }

    /// <summary>Lists what Avahi finds and resolves, one parsable line each, until stopped.</summary>
    public LineProcess Browse(string type) =>
        _where.Start(LineProcess.Guarded("avahi-browse", "--resolve", "--parsable", type), _environment);

    /// <summary>Resolves a host name and returns what Avahi prints.</summary>
    public async Task<string> ResolveAsync(string hostName)
    {
        await using var resolver = _where.Start(
            LineProcess.Guarded("avahi-resolve-host-name", "-4", hostName),
            _environment
        );
        return await resolver.WaitForAsync(line => line.Contains(hostName, StringComparison.Ordinal), Patience);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        await _bus.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private async Task StartDaemonAsync(string hostName, string link)
    {
        var configuration = Path.Combine(_directory.FullName, "avahi.conf");
        await File.WriteAllTextAsync(
            configuration,
            $"""
            [server]
            host-name={hostName}
            allow-interfaces={link}
            use-ipv4=yes
            use-ipv6=yes
            [publish]
            publish-workstation=no
            [rlimits]
            """
        );

        // "ip netns exec" gave this shell mounts of its own.
        const string privately = "mount -t tmpfs none /run/avahi-daemon && exec \"$@\"";
        _daemon = _where.Start(
            LineProcess.Guarded(
                "sh",
                "-c",
                $"mkdir -p /run/avahi-daemon && {privately}",
                "privately",
                "avahi-daemon",
                "--no-drop-root",
                "--no-chroot",
                "-f",
                configuration
            ),
            _environment
        );
        await _daemon.WaitForAsync(line => line.Contains("Server startup complete", StringComparison.Ordinal), Patience);
    }

    private static string BusConfiguration(string socket) =>
        $"""
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
              "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>system</type>
              <listen>unix:path={socket}</listen>
              <auth>EXTERNAL</auth>
              <policy context="default">
                <allow user="*"/>
                <allow own="*"/>
                <allow send_destination="*" eavesdrop="true"/>
                <allow eavesdrop="true"/>
              </policy>
            </busconfig>
            """;
}
