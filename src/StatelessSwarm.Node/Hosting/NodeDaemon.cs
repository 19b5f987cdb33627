using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Node.Configuration;

namespace StatelessSwarm.Node.Hosting;

/// <summary>The daemon: a <see cref="NodeRuntime"/>, its update loop and its control socket, hosted until it is told to stop.</summary>
public static class NodeDaemon
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Runs until cancelled, or until SIGTERM or SIGINT.</summary>
    /// <param name="options">How it runs.</param>
    /// <param name="log">Receives the log.</param>
    /// <param name="isVerbose">Debug lines too.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="Exception">It could not start: what <see cref="Faults.Fault.Of"/> sorts.</exception>
    public static async Task RunAsync(
        NodeOptions options,
        TextWriter log,
        bool isVerbose,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        using var provider = LineLoggers.ProviderOf(log, time);
        using var loggers = LoggerFactory.Create(logging => LineLoggers.Configure(logging, provider, isVerbose));
        var logger = loggers.CreateLogger("node");
        await using var node = await NodeRuntime.StartAsync(options, time, loggers, cancellation);

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        LineLoggers.Configure(builder.Logging, provider, isVerbose);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddSystemd();
        // without systemd there is nobody to notify, and the package then registers no notifier
        builder.Services.AddSingleton<Microsoft.Extensions.Hosting.Systemd.ISystemdNotifier, Microsoft.Extensions.Hosting.Systemd.SystemdNotifier>();
        var random = new Random(BitConverter.ToInt32(System.Security.Cryptography.RandomNumberGenerator.GetBytes(4)));
        builder.Services.AddSingleton<IHostedService>(new ControlService(options, node, time, logger));
        builder.Services.AddSingleton<IHostedService>(new UpdateLoop(options, node, time, random, logger));
        builder.Services.AddSingleton<IHostedService>(services => new WatchdogService(
            node,
            services.GetRequiredService<Microsoft.Extensions.Hosting.Systemd.ISystemdNotifier>(),
            time
        ));
        using var host = builder.Build();
        await host.StartAsync(cancellation);
        NodeLog.Ready(logger, options.Follow.ToString(), options.Server, node.Port, node.NodeId);
        await host.WaitForShutdownAsync(cancellation);
    }
}
