using Simulator;

return Simulate.Run(args);
