using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Control;
using StatelessSwarm.Node.Fetching;

namespace StatelessSwarm.Node.Hosting;

/// <summary>The daemon: a <see cref="NodeRuntime"/>, its update loop and its control socket, hosted until it is told to stop.</summary>
public static class NodeDaemon
{
    private static readonly TimeSpan TakeOverPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Has the node that uses the state directory end, when there is one, and waits until it has.</summary>
    /// <exception cref="Faults.NodeException">It does not give way.</exception>
    /// <exception cref="IOException">It did not end in time.</exception>
    public static async Task TakeOverAsync(NodeOptions options, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!await ControlClient.TryTakeOverAsync(options.ControlSocketPath, time, cancellation))
            return;
        using var limit = new CancellationTokenSource(TakeOverPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        while (!OfflineNode.IsFree(options.StateDirectory))
        {
            cancellation.ThrowIfCancellationRequested();
            if (limit.IsCancellationRequested)
                throw new IOException($"{options.StateDirectory}: the node before did not end within {TakeOverPatience.TotalSeconds:0} s");
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

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

        // nothing is read relative to it, and the directory of the program need not be there any more (the agent of an initramfs)
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = "/" });
        LineLoggers.Configure(builder.Logging, provider, isVerbose);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddSystemd();
        // without systemd there is nobody to notify, and the package then registers no notifier
        builder.Services.AddSingleton<Microsoft.Extensions.Hosting.Systemd.ISystemdNotifier, Microsoft.Extensions.Hosting.Systemd.SystemdNotifier>();
        var random = Chance.New();
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
        var stopped = host.WaitForShutdownAsync(cancellation);
        if (await Task.WhenAny(stopped, node.Left) != stopped)
            host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await stopped;
    }
}
